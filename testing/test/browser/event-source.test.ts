/** The browser's own EventSource, without any library: start by GET, cut, server killed, end. */
import {
  openChromium,
  openScriptedModel,
  openTypebarProcess,
  scriptedAnswer,
  type ScriptedModel,
  type TypebarProcess,
} from "@typebar/testing";
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";

let browser: Browser;
let model: ScriptedModel;
let server: TypebarProcess;
let page: Page;

beforeAll(async () => {
  [browser, model] = await Promise.all([openChromium(), openScriptedModel()]);
  server = await openTypebarProcess({
    env: { OPENAI_BASE_URL: model.url, OPENAI_API_KEY: "key", TYPEBAR_MODEL: "scripted" },
  });
  page = await browser.newPage();
  await page.goto(server.url);
});
afterAll(async () => {
  await Promise.all([browser?.close(), server?.[Symbol.asyncDispose]()]);
  await model?.close();
});

interface Heard {
  text: string;
  ids: string[];
  types: string[];
  closes: number;
  opens: number;
}

/** What everybody writes: `message` and `close` listeners, nothing else. */
async function listen(url: string): Promise<void> {
  await page.evaluate((target) => {
    const heard: Heard = { text: "", ids: [], types: [], closes: 0, opens: 0 };
    Object.assign(globalThis, { heard });
    const source = new EventSource(target);
    source.addEventListener("open", () => (heard.opens += 1));
    source.addEventListener("message", (event) => {
      const chunk = JSON.parse(event.data) as { type: string; delta?: string };
      heard.ids.push(event.lastEventId);
      heard.types.push(chunk.type);
      if (chunk.type === "text-delta") heard.text += chunk.delta;
    });
    source.addEventListener("close", () => {
      heard.closes += 1;
      source.close();
    });
  }, url);
}
function heard(): Promise<Heard> {
  return page.evaluate(() => (globalThis as unknown as { heard: Heard }).heard);
}
function startUrl(question: string, key: string): string {
  return `/api/chat?${new URLSearchParams({ message: question, key })}`;
}

describe("a native EventSource", () => {
  it("asks by GET and hears the whole answer once", async () => {
    const question = "script:mixed:21:600 deltas:60 delay:5";
    await listen(startUrl(question, "first"));
    await expect.poll(async () => (await heard()).closes, { timeout: 15_000 }).toBe(1);
    const { text, ids, types } = await heard();
    expect(text).toBe(scriptedAnswer(question));
    expect(new Set(ids).size).toBe(ids.length);
    expect(types.at(0)).toBe("start");
    expect(types.at(-1)).toBe("finish");
  });

  it("comes back by itself after the server was killed, and misses nothing", async () => {
    const question = "script:mixed:22:1500 deltas:150 delay:25";
    await listen(startUrl(question, "second"));
    await expect.poll(async () => (await heard()).text.length, { timeout: 10_000 }).toBeGreaterThan(100);
    await server.kill("SIGKILL");
    await new Promise((resolve) => setTimeout(resolve, 500));
    await server.start();
    await expect.poll(async () => (await heard()).closes, { timeout: 20_000 }).toBe(1);
    const { text, ids, types, opens } = await heard();
    expect(text).toBe(scriptedAnswer(question));
    expect(opens).toBeGreaterThan(1);
    expect(new Set(ids).size).toBe(ids.length);
    expect(types.filter((type) => type === "start")).toHaveLength(1);
    expect(model.requests.filter((request) => request.key === question).map((request) => request.kind)).toEqual([
      "start",
      "prefill",
    ]);
  });

  it("is let go when there is nothing more, instead of asking for ever", async () => {
    const question = "script:plain:23:100";
    await page.evaluate(
      (target) => {
        const seen = { states: [] as number[], ends: 0 };
        Object.assign(globalThis, { seen });
        // A page that forgets to close: the browser comes back with the ID of `close`, and is answered 204.
        const source = new EventSource(target);
        source.addEventListener("close", () => (seen.ends += 1));
        source.addEventListener("error", () => seen.states.push(source.readyState));
      },
      startUrl(question, "third"),
    );
    const closed = 2;
    await expect
      .poll(() => page.evaluate(() => (globalThis as unknown as { seen: { states: number[] } }).seen.states), {
        timeout: 10_000,
      })
      .toContain(closed);
    expect(await page.evaluate(() => (globalThis as unknown as { seen: { ends: number } }).seen.ends)).toBe(1);
    expect(model.count(question)).toBe(1);
  });
});
