/** Tabs that share their connections, in a real Chromium over a real server: closed, crashed, frozen and hung in mid-answer. */
import { countOf, openChromium, pick, randomFor, scriptedAnswer, seedText } from "@typebar/testing";
import type { Browser, BrowserContext, CDPSession, Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { bundlePage, openPage } from "./served-page.ts";
import type { Seen } from "./tabs-page/main.ts";
import { openWorld } from "./world.ts";
import type { World } from "./world.ts";

let world: World;
let browser: Browser;
let context: BrowserContext;
let script: string;
const complaints: string[] = [];

beforeAll(async () => {
  [world, browser, script] = await Promise.all([
    openWorld({ TYPEBAR_PUBLISH_KEY: "key" }),
    openChromium(),
    bundlePage("tabs-page/main.ts"),
  ]);
});
afterAll(async () => {
  await Promise.all([browser?.close(), world?.[Symbol.asyncDispose]()]);
});
beforeEach(async () => {
  context = await browser.newContext();
});
afterEach(async () => {
  await context.close();
  expect(complaints.splice(0)).toEqual([]);
  expect(world.model.violations).toEqual([]);
  await expect.poll(countStreams).toBe(0);
});

async function openTab(): Promise<Page> {
  const page = await context.newPage();
  page.on("pageerror", (error) => complaints.push(String(error)));
  await openPage(page, world.server.url, script);
  return page;
}

function openTabs(count: number): Promise<Page[]> {
  return Promise.all(Array.from({ length: count }, openTab));
}

/** Asked by somebody else, so that every tab comes to it as a follower. */
async function ask(message: string): Promise<string> {
  const gone = new AbortController();
  const response = await fetch(`${world.server.url}/api/chat`, {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify({ message }),
    signal: gone.signal,
  });
  expect(response.status).toBe(200);
  gone.abort();
  return response.headers.get("Typebar-Generation") ?? "";
}

/** Event streams that the server has open. */
async function countStreams(): Promise<number> {
  const metrics = await (await fetch(`${world.server.url}/metrics`)).text();
  return Number(/^typebar_open_streams (\d+)$/m.exec(metrics)?.[1]);
}

async function follow(tabs: readonly Page[], generationId: string, question: string): Promise<void> {
  const whole = scriptedAnswer(question);
  await Promise.all(
    tabs.map((tab) => tab.evaluate(([id = "", text = ""]) => window.tab.follow(id, text), [generationId, whole])),
  );
}

function see(tab: Page, name: string): Promise<Seen | undefined> {
  return tab.evaluate((id) => window.tab.seen(id), name);
}

async function hasText(tab: Page, name: string, chars = 1): Promise<void> {
  await expect.poll(async () => (await see(tab, name))?.text.length, { timeout: 20_000 }).toBeGreaterThanOrEqual(chars);
}

/** The same as the server has, never anything else in between, and no event twice or out of order. */
async function isWhole(tab: Page, name: string, question: string): Promise<void> {
  await expect.poll(async () => (await see(tab, name))?.closed, { timeout: 30_000 }).toBe(true);
  const { text, wrong, ids, error, state, connection } = (await see(tab, name)) ?? ({} as Seen);
  expect({ text, wrong, error, state, connection }).toEqual({
    text: scriptedAnswer(question),
    wrong: [],
    error: "",
    state: "completed",
    connection: "closed",
  });
  const places = ids.map((id) => Number(id.split(".").at(-1)));
  expect(places).toEqual([...new Set(places)].toSorted((a, b) => a - b));
}

/**
 * A browser freezes only pages that it does not show, and shows all pages of a test: so the page is told, comes to the
 * end of that event's own work, and then is stopped. @returns the way to thaw it.
 */
async function freeze(tab: Page): Promise<() => Promise<void>> {
  const session: CDPSession = await context.newCDPSession(tab);
  await session.send("Debugger.enable");
  const stopped = new Promise((resolve) => session.once("Debugger.paused", resolve));
  const expression = `(async () => {
    document.dispatchEvent(new Event("freeze"));
    await new Promise((resolve) => setTimeout(resolve));
    debugger;
    document.dispatchEvent(new Event("resume"));
  })()`;
  const thawed = session.send("Runtime.evaluate", { expression, awaitPromise: true });
  // Closed while it was frozen.
  thawed.catch(() => undefined);
  await stopped;
  return async () => {
    await session.send("Debugger.resume");
    await thawed;
    await session.detach();
  };
}

async function crash(tab: Page): Promise<void> {
  const session = await context.newCDPSession(tab);
  const crashed = tab.waitForEvent("crash");
  session.send("Page.crash").catch(() => undefined);
  await crashed;
}

async function heardOn(tab: Page, channel: string): Promise<unknown[]> {
  const published = await tab.evaluate(() => window.tab.published);
  return published.filter((data) => (data as { channel: string }).channel === channel);
}

describe("tabs that share their connections", () => {
  it("read one answer over one connection, each from its own place", async () => {
    const question = "script:mixed:1:600 deltas:120 hold:40";
    const generationId = await ask(question);
    const tabs = await openTabs(3);
    await follow(tabs.slice(0, 2), generationId, question);
    await hasText(tabs[1]!, generationId);
    await follow(tabs.slice(2), generationId, question);
    const had = (await see(tabs[0]!, generationId))?.text.length;
    await hasText(tabs[2]!, generationId, had);
    expect(await countStreams()).toBe(1);
    world.model.release(question);
    for (const tab of tabs) await isWhole(tab, generationId, question);
    expect(world.model.count(question)).toBe(1);
  });

  it("leave room for requests while ten tabs show ten running answers, and read them all in turns", async () => {
    const questions = Array.from({ length: 10 }, (_, index) => `script:mixed:${index + 10}:500 deltas:100 hold:60`);
    const tabs = await openTabs(10);
    const ids = await Promise.all(questions.map(ask));
    await Promise.all(tabs.map((tab, index) => follow([tab], ids[index]!, questions[index]!)));
    const most: number[] = [];
    for (const [index, tab] of tabs.entries()) {
      await hasText(tab, ids[index]!, 100);
      most.push(await countStreams());
    }
    expect(Math.max(...most)).toBe(3);
    // All of them run and none has ended: the connections are what they are.
    const answered = await tabs[9]!.evaluate(async () => (await fetch("/api/models")).status);
    expect(answered).toBe(200);
    for (const question of questions) world.model.release(question);
    await Promise.all(tabs.map((tab, index) => isWhole(tab, ids[index]!, questions[index]!)));
  });

  it("let go of the connection of a question when others are being read, and take turns with it", async () => {
    const questions = Array.from({ length: 5 }, (_, index) => `script:mixed:${index + 30}:500 deltas:100 hold:60`);
    const tabs = await openTabs(5);
    for (const [index, tab] of tabs.entries()) {
      const question = questions[index]!;
      await tab.evaluate(
        ([message = "", whole = ""]) => window.tab.start(message, whole),
        [question, scriptedAnswer(question)],
      );
    }
    for (const [index, tab] of tabs.entries()) await hasText(tab, questions[index]!, 100);
    await expect.poll(countStreams).toBe(3);
    for (const question of questions) world.model.release(question);
    await Promise.all(tabs.map((tab, index) => isWhole(tab, questions[index]!, questions[index]!)));
    for (const question of questions) expect(world.model.count(question)).toBe(1);
  });

  it("read what is looked at before what is not", async () => {
    const questions = Array.from({ length: 7 }, (_, index) => `script:mixed:${index + 50}:500 deltas:100 hold:60`);
    const [tab] = (await openTabs(1)) as [Page];
    const ids = await Promise.all(questions.map(ask));
    for (const [index, id] of ids.entries()) {
      await follow([tab], id, questions[index]!);
      if (index > 0) await tab.evaluate((name) => window.tab.setInView(name, false), id);
    }
    for (const id of ids) await hasText(tab, id, 100);
    // One that is looked at, and all the others by turns.
    await expect.poll(countStreams).toBeLessThanOrEqual(2);
    world.model.release(questions[0]!);
    await isWhole(tab, ids[0]!, questions[0]!);
    await tab.evaluate((name) => window.tab.setInView(name, true), ids[6]!);
    for (const question of questions.slice(1)) world.model.release(question);
    await Promise.all(ids.map((id, index) => isWhole(tab, id, questions[index]!)));
  });

  it(`go on at the exact event when the one that reads is closed, crashes or freezes, ${seedText}`, async () => {
    const random = randomFor("tabs");
    for (let round = 0; round < countOf({ usual: 3, long: 40 }); round++) {
      const question = `script:mixed:${100 + round}:3000 deltas:600 delay:15`;
      const generationId = await ask(question);
      const tabs = await openTabs(3);
      await follow(tabs, generationId, question);
      const frozen = new Map<Page, () => Promise<void>>();
      for (let fault = 0; fault < 6; fault++) {
        const awake = tabs.filter((tab) => !frozen.has(tab));
        await hasText(awake.at(-1)!, generationId, (fault + 1) * 250);
        const victim = pick(tabs, random);
        const kind = pick(["close", "crash", "freeze", "thaw"] as const, random);
        if (kind === "thaw") {
          for (const thaw of frozen.values()) await thaw();
          frozen.clear();
        }
        if (frozen.has(victim) || kind === "thaw") continue;
        if (kind === "freeze") {
          frozen.set(victim, await freeze(victim));
        } else {
          tabs.splice(tabs.indexOf(victim), 1);
          await (kind === "crash" ? crash(victim) : victim.close());
        }
        while (tabs.length - frozen.size < 2) {
          const next = await openTab();
          tabs.push(next);
          await follow([next], generationId, question);
        }
        expect(await countStreams()).toBeLessThanOrEqual(1);
      }
      for (const thaw of frozen.values()) await thaw();
      for (const tab of tabs) await isWhole(tab, generationId, question);
      expect(world.model.count(question)).toBe(1);
      await Promise.all(context.pages().map((page) => page.close()));
    }
  }, 120_000);

  it("hold nothing while they are frozen, and go on when they are back", async () => {
    const question = "script:mixed:5:600 deltas:120 hold:40";
    const generationId = await ask(question);
    const [tab, other] = (await openTabs(2)) as [Page, Page];
    await follow([tab], generationId, question);
    await hasText(tab, generationId);
    const countLocks = (): Promise<number> =>
      other.evaluate(async () => {
        const { held = [], pending = [] } = await navigator.locks.query();
        return held.length + pending.length;
      });
    // Of the stream, and of its place.
    expect(await countLocks()).toBe(2);
    const thaw = await freeze(tab);
    // There is nobody who could have taken them away.
    await expect.poll(countLocks).toBe(0);
    await expect.poll(countStreams).toBe(0);
    world.model.release(question);
    await thaw();
    await isWhole(tab, generationId, question);
  });

  it("take the lead from a tab that hangs", async () => {
    const question = "script:mixed:2:600 deltas:120 hold:40";
    const generationId = await ask(question);
    const [hung, other] = (await openTabs(2)) as [Page, Page];
    await follow([hung], generationId, question);
    await hasText(hung, generationId);
    const session = await context.newCDPSession(hung);
    await session.send("Debugger.enable");
    await session.send("Debugger.pause");
    hung.evaluate(() => 1).catch(() => undefined);
    await follow([other], generationId, question);
    world.model.release(question);
    await isWhole(other, generationId, question);
    await session.send("Debugger.disable");
    await isWhole(hung, generationId, question);
  });

  it("go on after the network was away, and after the server was killed", async () => {
    const question = "script:mixed:3:3000 deltas:600 delay:15";
    const generationId = await ask(question);
    const [leader, ...tabs] = (await openTabs(4)) as [Page, ...Page[]];
    await follow([leader], generationId, question);
    await hasText(leader, generationId);
    await follow(tabs, generationId, question);
    for (const tab of tabs) await hasText(tab, generationId, 100);
    await context.setOffline(true);
    // What is open stays open; the next to read finds no way.
    await leader.close();
    for (const tab of tabs) await expect.poll(async () => (await see(tab, generationId))?.connection).toBe("waiting");
    await context.setOffline(false);
    for (const tab of tabs) await hasText(tab, generationId, 1200);
    await world.server.kill();
    for (const tab of tabs) await expect.poll(async () => (await see(tab, generationId))?.connection).toBe("waiting");
    await world.server.start();
    for (const tab of tabs) await isWhole(tab, generationId, question);
  });

  it(`hear each event of a channel once and in order, over one connection, ${seedText}`, async () => {
    const random = randomFor("tabs channel");
    const tabs = await openTabs(10);
    for (const tab of tabs) await tab.evaluate(() => window.tab.channels(["news", "sales"]));
    for (const tab of tabs) await expect.poll(() => tab.evaluate(() => window.tab.readies)).toBe(1);
    expect(await countStreams()).toBe(1);
    const published: { channel: string; number: number }[] = [];
    const publish = async (): Promise<void> => {
      const data = { channel: pick(["news", "sales"], random), number: published.length };
      published.push(data);
      const response = await fetch(`${world.server.url}/api/channels/${data.channel}/events`, {
        method: "POST",
        headers: { "Content-Type": "application/json", Authorization: "Bearer key" },
        body: JSON.stringify({ data }),
      });
      expect(response.status).toBe(200);
    };
    while (tabs.length > 3) {
      for (let count = 0; count < 8; count++) await publish();
      const [victim] = tabs.splice(Math.floor(random() * tabs.length), 1) as [Page];
      await Promise.all([victim.close(), publish().then(publish)]);
    }
    await publish();
    // Each channel has its order; between the two there is none.
    for (const tab of tabs) {
      await expect.poll(async () => (await tab.evaluate(() => window.tab.published)).length).toBe(published.length);
      for (const name of ["news", "sales"]) {
        expect(await heardOn(tab, name)).toEqual(published.filter(({ channel }) => channel === name));
      }
    }
    expect(await countStreams()).toBe(1);
  });

  it("are not misled by what comes twice, late or out of nowhere", async () => {
    const question = "script:mixed:6:1500 deltas:300 delay:10";
    const [noisy, ...tabs] = (await openTabs(4)) as [Page, ...Page[]];
    const generationId = await ask(question);
    await noisy.evaluate((id) => {
      const channel = new BroadcastChannel(`typebar:1:test::${id}`);
      const send = channel.postMessage.bind(channel);
      const heard: unknown[] = [];
      channel.addEventListener("message", ({ data }: MessageEvent<{ type: string }>) => {
        if (data.type !== "event") return;
        heard.push(data);
        send(data);
        send(heard[heard.length >> 1]);
        const delta = JSON.stringify({ type: "text-delta", id: "t0", delta: "never said" });
        const event = { event: "message", data: delta, lastEventId: `${id}:1.999999` };
        send({ type: "event", after: `${id}:1.999998`, event });
      });
    }, generationId);
    await follow(tabs, generationId, question);
    for (const tab of tabs) await isWhole(tab, generationId, question);
  });

  it("read each for itself where the browser has no locks", async () => {
    await context.addInitScript(() => Object.defineProperty(navigator, "locks", { value: undefined }));
    const question = "script:mixed:7:600 deltas:120 hold:40";
    const generationId = await ask(question);
    const tabs = await openTabs(2);
    await follow(tabs, generationId, question);
    for (const tab of tabs) await hasText(tab, generationId);
    expect(await countStreams()).toBe(2);
    await tabs[0]!.evaluate(() => window.tab.channels(["news"]));
    await expect.poll(() => tabs[0]!.evaluate(() => window.tab.readies)).toBe(1);
    world.model.release(question);
    for (const tab of tabs) await isWhole(tab, generationId, question);
  });

  it("keep apart what two browsers read, as two devices are", async () => {
    const question = "script:mixed:4:600 deltas:120 hold:40";
    const generationId = await ask(question);
    const here = await openTab();
    await using other = await browser.newContext();
    const there = await other.newPage();
    await openPage(there, world.server.url, script);
    await follow([here, there], generationId, question);
    await hasText(here, generationId);
    await hasText(there, generationId);
    expect(await countStreams()).toBe(2);
    world.model.release(question);
    await isWhole(here, generationId, question);
    await isWhole(there, generationId, question);
  });
});
