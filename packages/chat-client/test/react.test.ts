/** The React hook in a real Chromium, in strict mode, over a real server. */
import { openChromium, scriptedAnswer } from "@typebar/testing";
import type { Browser, Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { bundlePage, openPage } from "./served-page.ts";
import { openWorld } from "./world.ts";
import type { World } from "./world.ts";

let world: World;
let browser: Browser;
let page: Page;
let script: string;
const complaints: string[] = [];

beforeAll(async () => {
  [world, browser, script] = await Promise.all([openWorld(), openChromium(), bundlePage("react-page/main.ts")]);
});
afterAll(async () => {
  await Promise.all([browser?.close(), world?.[Symbol.asyncDispose]()]);
});
beforeEach(async () => {
  page = await browser.newPage();
  page.on("pageerror", (error) => complaints.push(String(error)));
  page.on("console", (message) => {
    if (message.type() === "error" && !/favicon|404/u.test(message.text())) complaints.push(message.text());
  });
  await openPage(page, world.server.url, script);
});
afterEach(async () => {
  await page.close();
  expect(complaints.splice(0)).toEqual([]);
});

async function ask(question: string): Promise<void> {
  await page.locator("input").fill(question);
  await page.locator("#send").click();
}

function answer(): Promise<string> {
  return page.evaluate(() => [...document.querySelectorAll(".assistant")].at(-1)?.textContent ?? "");
}

async function isWhole(question: string): Promise<void> {
  await page.locator("main[data-busy=false]").waitFor();
  await expect.poll(answer, { timeout: 15_000 }).toBe(scriptedAnswer(question));
}

describe("useChat", () => {
  it("shows the answer as it grows, and whole", async () => {
    const question = "script:mixed:1:400 deltas:40 delay:10";
    const paths: string[] = [];
    page.on("request", (request) => paths.push(new URL(request.url()).pathname));
    await ask(question);
    const lengths = new Set<number>();
    while ((await page.locator("main[data-busy=false] .assistant").count()) === 0) lengths.add((await answer()).length);
    expect(lengths.size).toBeGreaterThan(5);
    await isWhole(question);
    expect(world.model.count(question)).toBe(1);
    expect(await page.locator(".user").allInnerTexts()).toEqual([question]);
    // The page has given the conversation its address meanwhile: that is no reason to read it anew.
    expect(paths.filter((path) => !path.includes("/messages/"))).toEqual(["/api/chat"]);
  });

  it("goes on at the exact event after a reload", async () => {
    const question = "script:plain:2:900 deltas:90 delay:15";
    await ask(question);
    await expect.poll(async () => (await answer()).length, { timeout: 10_000 }).toBeGreaterThan(100);
    const followed = page.waitForRequest((request) => request.url().endsWith("/events"));
    await page.reload();
    const id = await (await followed).headerValue("Last-Event-ID");
    expect(Number(id?.split(".").at(-1))).toBeGreaterThan(3);
    await isWhole(question);
    expect(world.model.count(question)).toBe(1);
  });

  it("stops, goes on and answers anew", async () => {
    const question = "script:plain:3:600 deltas:60 hold:10";
    await ask(question);
    await expect.poll(async () => (await answer()).length, { timeout: 10_000 }).toBeGreaterThan(10);
    await page.locator("#stop").click();
    await page.locator("main[data-busy=false]").waitFor();
    expect(scriptedAnswer(question).startsWith(await answer())).toBe(true);
    world.model.release(question);
    await page.locator("#continue").click();
    await isWhole(question);
    await page.locator("#regenerate").click();
    await page.locator("main[data-busy=true]").waitFor();
    await isWhole(question);
  });

  it("begins a new conversation, and lets the other one be written", async () => {
    const first = "script:plain:4:300 deltas:30 hold:5";
    await ask(first);
    await expect.poll(async () => (await answer()).length, { timeout: 10_000 }).toBeGreaterThan(5);
    const path = await page.evaluate(() => location.hash);
    await page.locator("#new").click();
    await page.locator("main[data-phase=new]").waitFor();
    expect(await page.locator("pre").count()).toBe(0);
    await ask("script:plain:5:60");
    await isWhole("script:plain:5:60");
    expect(await page.evaluate(() => location.hash)).not.toBe(path);
    world.model.release(first);
    await page.goto(`${world.server.url}/test.html${path}`);
    await page.reload();
    await isWhole(first);
  });
});
