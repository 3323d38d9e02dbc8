/** The chat page in a real Chromium, over a real server and a scripted model. */
import {
  type FaultyProxy,
  openChromium,
  openFaultyProxy,
  openScriptedModel,
  openTypebarProcess,
  scriptedAnswer,
  type ScriptedModel,
  type TypebarProcess,
} from "@typebar/testing";
import type { Browser, BrowserContext, Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";

let browser: Browser;
let model: ScriptedModel;
let server: TypebarProcess;
let context: BrowserContext;
let page: Page;
let complaints: string[];

beforeAll(async () => {
  [browser, model] = await Promise.all([openChromium(), openScriptedModel()]);
  server = await openTypebarProcess({
    env: { OPENAI_BASE_URL: model.url, OPENAI_API_KEY: "key", TYPEBAR_MODEL: "scripted" },
  });
});
afterAll(async () => {
  await Promise.all([browser?.close(), server?.[Symbol.asyncDispose]()]);
  await model?.close();
});

beforeEach(async () => {
  context = await browser.newContext({ locale: "en-GB" });
  page = await openPage();
});
afterEach(async () => {
  expect(model.violations).toEqual([]);
  await context.close();
});

/** A page that notes what a person would never see: script errors and refusals of the content policy. */
async function openPage(path = "/", base = server.url): Promise<Page> {
  const opened = await context.newPage();
  complaints = [];
  opened.on("pageerror", (error) => complaints.push(String(error)));
  opened.on("console", (message) => {
    if (/Content Security Policy|Uncaught/i.test(message.text())) complaints.push(message.text());
  });
  await opened.goto(base + path);
  return opened;
}

async function ask(question: string, on = page): Promise<void> {
  await on.getByTestId("composer-input").fill(question);
  await on.getByTestId("send").click();
}

/** The visible text of the newest answer. White space is left out: Markdown folds it. */
async function answerText(on = page): Promise<string> {
  const answers = on.getByTestId("answer-text");
  return (await answers.count()) === 0 ? "" : squeeze((await answers.last().textContent()) ?? "");
}
function squeeze(text: string): string {
  return text.replace(/\s+/g, "");
}
async function becomes(state: string, on = page): Promise<void> {
  await expect
    .poll(() => on.getByTestId("message-assistant").last().getAttribute("data-state"), { timeout: 20_000 })
    .toBe(state);
}
async function isWhole(question: string, on = page): Promise<void> {
  await becomes("completed", on);
  await expect.poll(() => answerText(on), { timeout: 10_000 }).toBe(squeeze(scriptedAnswer(question)));
}
async function hasBegun(on = page, chars = 40): Promise<void> {
  await expect.poll(async () => (await answerText(on)).length, { timeout: 10_000 }).toBeGreaterThan(chars);
}

describe("the page", () => {
  it("shows the answer growing while the model speaks, and whole at its end", async () => {
    const question = "script:plain:1:900 deltas:90 delay:20";
    await ask(question);
    const lengths = new Map<number, number>();
    for (;;) {
      const { length } = await answerText();
      if (length > 0 && !lengths.has(length)) lengths.set(length, Date.now());
      if (length === squeeze(scriptedAnswer(question)).length) break;
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
    const times = [...lengths.values()];
    expect(lengths.size).toBeGreaterThanOrEqual(20);
    expect((times.at(-1) ?? 0) - (times[0] ?? 0)).toBeGreaterThanOrEqual(1000);
    const asked = model.requests.find((request) => request.key === question);
    // Shown before the model had said it: then it would have been made up.
    expect(times.at(-1)).toBeGreaterThanOrEqual(asked?.lastDeltaAtMs ?? Number.POSITIVE_INFINITY);
    await isWhole(question);
    expect(complaints).toEqual([]);
  });

  it("goes on with the answer after a refresh in the middle of it", async () => {
    const question = "script:plain:2:900 deltas:90 delay:25";
    await ask(question);
    await hasBegun();
    const followed = page.waitForRequest((request) => request.url().endsWith("/events"));
    await page.reload();
    // After the last event that the page had before it went, instead of a replay.
    const lastEventId = await (await followed).headerValue("Last-Event-ID");
    expect(Number(lastEventId?.split(".").at(-1))).toBeGreaterThan(3);
    await hasBegun();
    await isWhole(question);
    expect(model.count(question)).toBe(1);
    expect(complaints).toEqual([]);
  });

  it("goes on after the network was away", async () => {
    const question = "script:plain:3:1200 deltas:120 delay:25";
    await ask(question);
    await hasBegun();
    await context.setOffline(true);
    await new Promise((resolve) => setTimeout(resolve, 1500));
    await context.setOffline(false);
    await isWhole(question);
    expect(model.count(question)).toBe(1);
  });

  it("says quietly that it reconnects, and comes back by itself when the way is open again", async () => {
    const proxy: FaultyProxy = await openFaultyProxy({ target: { port: server.port }, seed: 4 });
    try {
      const proxied = await openPage("/", `http://127.0.0.1:${proxy.port}`);
      const question = "script:plain:4:1500 deltas:150 delay:25";
      await ask(question, proxied);
      await hasBegun(proxied);
      proxy.refuse();
      proxy.cutAll("rst");
      await expect.poll(() => proxied.getByTestId("reconnecting").isVisible(), { timeout: 10_000 }).toBe(true);
      proxy.accept();
      // The page tries by itself, too: by now it may be connected, and the button be gone.
      await proxied.evaluate(() => document.querySelector<HTMLElement>("[data-testid=retry-now]")?.click());
      await isWhole(question, proxied);
      await expect.poll(() => proxied.getByTestId("reconnecting").count()).toBe(0);
      expect(model.count(question)).toBe(1);
    } finally {
      await proxy.close();
    }
  });

  it("goes on after the server was killed and started again", async () => {
    const question = "script:plain:5:1500 deltas:150 delay:25";
    await ask(question);
    await hasBegun();
    await server.kill("SIGKILL");
    await new Promise((resolve) => setTimeout(resolve, 300));
    await server.start();
    await isWhole(question);
  });

  it("types the same answer in a second tab and on a second device", async () => {
    const question = "script:plain:6:1200 deltas:120 delay:25";
    await ask(question);
    await hasBegun();
    const path = new URL(page.url()).pathname;
    const tab = await openPage(path);
    const device = await browser.newContext();
    const elsewhere = await device.newPage();
    await elsewhere.goto(server.url + path);
    await Promise.all([hasBegun(tab), hasBegun(elsewhere)]);
    await Promise.all([isWhole(question), isWhole(question, tab), isWhole(question, elsewhere)]);
    await device.close();
  });

  it("stops the model when asked, keeps what was said, and tries again", async () => {
    const question = "script:plain:7:900 deltas:90 delay:30";
    await ask(question);
    // Some time after the question: a click that follows too soon is taken for the second half of a double click.
    await hasBegun(page, 300);
    await page.getByTestId("stop").click();
    await becomes("stopped");
    await model.waitFor((request) => request.key === question && request.outcome === "aborted");
    const kept = await answerText();
    expect(squeeze(scriptedAnswer(question)).startsWith(kept)).toBe(true);
    expect(kept.length).toBeGreaterThan(0);
    await page.reload();
    await expect.poll(() => answerText()).toBe(kept);
    await page.getByTestId("try-again").last().click();
    await isWhole(question);
  });

  it("goes on with a stopped answer from where it was", async () => {
    const question = "script:plain:8:900 deltas:90 delay:20";
    await ask(question);
    // Some time after the question: a click that follows too soon is taken for the second half of a double click.
    await hasBegun(page, 300);
    await page.getByTestId("stop").click();
    await becomes("stopped");
    await page.getByTestId("continue").last().click();
    const field = page.getByTestId("composer-input");
    await expect.poll(() => field.evaluate((element) => element === document.activeElement)).toBe(true);
    await isWhole(question);
    expect(model.requests.filter((request) => request.key === question).map((request) => request.kind)).toEqual([
      "start",
      "prefill",
    ]);
  });

  it("keeps what was said when the model fails, says why, and offers to try again", async () => {
    await ask("script:plain:9:400 fault:no-end:1");
    await becomes("failed");
    expect((await answerText()).length).toBeGreaterThan(0);
    await expect.poll(() => page.getByTestId("answer-notice").last().isVisible()).toBe(true);
    await page.getByTestId("try-again").last().click();
    await isWhole("script:plain:9:400 fault:no-end:1");
  });

  it("shows the raw events as they arrive", async () => {
    await page.getByTestId("wire-toggle").click();
    await ask("script:plain:10:200 deltas:20 delay:10");
    await becomes("completed");
    const rows = await page.getByTestId("wire-row").allTextContents();
    const text = rows.join("\n");
    expect(rows.length).toBeGreaterThan(8);
    expect(text).toContain('"type":"start"');
    expect(text).toMatch(/[\w-]{20}:1\.1/);
    expect(text).toContain("[DONE]");
  });

  it("says in how many browsers it is open as long as this is not the only one", async () => {
    const online = page.getByTestId("online");
    const question = "script:plain:12:200 deltas:20 delay:10";
    // An answer is a stream more, but no other page.
    await ask(question);
    await isWhole(question);
    expect(await online.count()).toBe(0);
    await using elsewhere = await browser.newContext({ locale: "en-GB" });
    const other = await elsewhere.newPage();
    await other.goto(server.url);
    await Promise.all([page, other].map((on) => on.getByText("2 online", { exact: true }).waitFor()));
    await server.kill("SIGKILL");
    await online.waitFor({ state: "detached" });
    await server.start();
    await page.getByText("2 online", { exact: true }).waitFor();
    await other.close();
    await online.waitFor({ state: "detached" });
    expect(complaints).toEqual([]);
  });

  it("never runs what a model says", async () => {
    await ask("script:mixed:11:1500");
    await becomes("completed");
    expect(await page.locator("[data-testid=answer-text] script, [data-testid=answer-text] img").count()).toBe(0);
    expect(complaints).toEqual([]);
  });
});
