/** The live board in Chromium: what it shows is what was told, over cuts, silence and a restart of the server. */
import type { Browser, BrowserContextOptions, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { openChromium, openFaultyProxy } from "../../src/index.ts";
import { type ExampleProcess, openExample } from "./example-process.ts";

const waitMs = { timeout: 20_000 };

let browser: Browser;
beforeAll(async () => void (browser = await openChromium()));
afterAll(() => browser?.close());

/** A page that keeps every number of sold items that it has shown. */
async function openBoard(url: string, options: BrowserContextOptions = { locale: "en-GB" }): Promise<Page> {
  const context = await browser.newContext(options);
  const page = await context.newPage();
  await page.addInitScript(() => {
    const shown: number[] = [];
    Object.assign(globalThis, { shown });
    new MutationObserver((changes) => {
      for (const { target } of changes) {
        const count = Number(target.textContent?.replaceAll(",", ""));
        if (target instanceof Element && target.id === "sold" && Number.isInteger(count)) shown.push(count);
      }
    }).observe(document, { childList: true, subtree: true });
  });
  await page.goto(url);
  return page;
}

function readShown(page: Page): Promise<number[]> {
  return page.evaluate(() => (globalThis as unknown as { shown: number[] }).shown);
}

/** So many numbers of sold items, as the server has told them since it was started. */
async function readTold(example: ExampleProcess, count: number): Promise<number[]> {
  const leaving = new AbortController();
  const response = await fetch(`${example.url}/events`, { signal: leaving.signal });
  let text = "";
  let told: number[] = [];
  for await (const piece of response.body?.pipeThrough(new TextDecoderStream()) ?? []) {
    text += piece;
    told = Array.from(text.matchAll(/"soldToday":(\d+),/g), ([, sold]) => Number(sold));
    if (told.length >= count) break;
  }
  leaving.abort();
  return told.slice(0, count);
}

function expectState(page: Page, state: string): Promise<void> {
  return expect.poll(() => page.locator("#connection").getAttribute("data-state"), waitMs).toBe(state);
}

function expectJournal(page: Page, text: string): Promise<void> {
  return expect.poll(() => page.locator("#journal").textContent(), waitMs).toContain(text);
}

/** The page goes on showing, and has shown just what was told, each once and in order. */
async function expectShownAsTold(page: Page, example: ExampleProcess, from: number): Promise<void> {
  const count = (await readShown(page)).length + 3;
  await expect.poll(async () => (await readShown(page)).length, waitMs).toBeGreaterThanOrEqual(count);
  const shown = (await readShown(page)).slice(from);
  expect(shown).toEqual(await readTold(example, shown.length));
}

describe("examples/live-board", () => {
  it("shows sales, rates and who is online, and says that the data is simulated", async () => {
    await using example = await openExample("live-board");
    const page = await openBoard(example.url);
    await page.getByText("Simulated data").waitFor();
    await expectState(page, "live");
    await expect.poll(() => page.locator(".rate").count(), waitMs).toBe(4);
    await expect.poll(() => page.locator("canvas").count(), waitMs).toBe(5);
    await expect.poll(() => page.locator("#visitors").textContent(), waitMs).toBe("1");
    const other = await openBoard(example.url, { locale: "zh-CN", colorScheme: "dark" });
    await other.getByText("模拟数据").waitFor();
    await expect.poll(() => page.locator("#visitors").textContent(), waitMs).toBe("2");
    await other.context().close();
    await expect.poll(() => page.locator("#visitors").textContent(), waitMs).toBe("1");
    await expectShownAsTold(page, example, 0);
    await page.context().close();
  });

  it("has missed nothing after a cut, and counts nothing twice after a restart of the server", async () => {
    await using example = await openExample("live-board");
    await using proxy = await openFaultyProxy({ target: { port: example.port }, seed: 2 });
    const page = await openBoard(proxy.url);
    await expectState(page, "live");
    proxy.refuse();
    proxy.cutAll();
    await expectState(page, "reconnecting");
    proxy.accept();
    await expectJournal(page, "Back after");
    await expectShownAsTold(page, example, 0);

    await example.kill();
    await expectState(page, "reconnecting");
    const before = await readShown(page);
    await example.start();
    await expectJournal(page, "history is a new one");
    await expectState(page, "live");
    await expectShownAsTold(page, example, before.length);
    const shown = await readShown(page);
    expect(shown).toEqual(shown.toSorted((a, b) => a - b));
    await page.context().close();
  });

  it("comes back by itself from a connection that has fallen silent, and from a proxy's error page", async () => {
    await using example = await openExample("live-board");
    const page = await openBoard("about:blank");
    await page.route(
      "**/events",
      (route) => route.fulfill({ status: 502, contentType: "text/html", body: "Bad Gateway" }),
      { times: 1 },
    );
    await page.goto(example.url);
    await expectState(page, "reconnecting");
    await expectState(page, "live");

    await expectShownAsTold(page, example, 0);
    example.pause();
    await expectState(page, "reconnecting");
    example.resume();
    await expectState(page, "live");
    await expectJournal(page, "Back after");
    await expectShownAsTold(page, example, 0);
    await page.context().close();
  }, 60_000);
});
