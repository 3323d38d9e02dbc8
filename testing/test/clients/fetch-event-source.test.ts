/** `@microsoft/fetch-event-source` in Chromium, left to reconnect by itself: a POST that comes through cuts and a kill. */
import type { fetchEventSource } from "@microsoft/fetch-event-source";
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { openChromium, openFaultyProxy, scriptedAnswer } from "../../src/index.ts";
import { bundleFetchEventSource } from "./fetch-event-source-script.ts";
import { type ClientWorld, openClientWorld } from "./client-world.ts";

/** What runs in the page, and what it leaves there. */
interface PageGlobals {
  FetchEventSource: { fetchEventSource: typeof fetchEventSource };
  heard: Heard;
}

interface Heard {
  text: string;
  ids: string[];
  opens: number;
  errors: number;
  over: boolean;
}

let browser: Browser;
let world: ClientWorld;
let script: string;
beforeAll(async () => {
  [browser, world, script] = await Promise.all([openChromium(), openClientWorld(), bundleFetchEventSource()]);
});
afterAll(() => Promise.all([browser?.close(), world?.[Symbol.asyncDispose]()]));

/** A page of that origin which asks, and listens until `close`. */
async function ask(url: string, question: string): Promise<Page> {
  const page = await browser.newPage();
  await page.goto(`${url}/livez`);
  await page.evaluate(script);
  await page.evaluate((message) => {
    const globals = globalThis as unknown as PageGlobals;
    const heard: Heard = { text: "", ids: [], opens: 0, errors: 0, over: false };
    globals.heard = heard;
    const controller = new AbortController();
    void globals.FetchEventSource.fetchEventSource("/api/chat", {
      method: "POST",
      headers: { "Content-Type": "application/json", "Idempotency-Key": message.replaceAll(" ", "_") },
      body: JSON.stringify({ message }),
      signal: controller.signal,
      openWhenHidden: true,
      async onopen() {
        heard.opens += 1;
      },
      onmessage({ event, data, id }) {
        if (event === "close") {
          heard.over = true;
          controller.abort();
          return;
        }
        const chunk = JSON.parse(data) as { type: string; delta?: string };
        heard.ids.push(id);
        heard.text += chunk.delta ?? "";
      },
      onerror() {
        heard.errors += 1;
      },
    });
  }, question);
  return page;
}

function readHeard(page: Page): Promise<Heard> {
  return page.evaluate(() => (globalThis as unknown as PageGlobals).heard);
}

async function untilOver(page: Page): Promise<Heard> {
  await expect.poll(async () => (await readHeard(page)).over, { timeout: 20_000 }).toBe(true);
  const heard = await readHeard(page);
  await page.close();
  return heard;
}

describe("fetchEventSource", () => {
  it("posts once, and hears the whole answer over connections that are cut", async () => {
    const question = "script:mixed:1:900 deltas:90 delay:4 hold:60";
    await using proxy = await openFaultyProxy({ target: world.server, seed: 1 });
    const page = await ask(proxy.url, question);
    await expect.poll(async () => (await readHeard(page)).text.length).toBeGreaterThan(100);
    proxy.cutAll("rst");
    await expect.poll(async () => (await readHeard(page)).opens, { timeout: 10_000 }).toBe(2);
    proxy.cutAll("fin");
    world.model.release(question);
    const { text, ids, opens, errors } = await untilOver(page);
    expect(text).toBe(scriptedAnswer(question));
    expect(new Set(ids).size).toBe(ids.length);
    expect(errors).toBe(2);
    expect(opens).toBe(3);
    world.expectAskedOnce(question);
  });

  it("goes on after the server was killed and started again", async () => {
    const question = "script:mixed:2:600 deltas:60 delay:4 hold:30";
    const page = await ask(world.server.url, question);
    await expect.poll(async () => (await readHeard(page)).text.length).toBeGreaterThan(100);
    await world.restart();
    world.model.release(question);
    const { text, ids } = await untilOver(page);
    expect(text).toBe(scriptedAnswer(question));
    expect(new Set(ids).size).toBe(ids.length);
    world.expectAskedOnce(question, 1);
  });
});
