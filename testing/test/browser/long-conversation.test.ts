/** A conversation of 5,000 messages in the page, in a real Chromium over a real server. */
import { openChromium, openTypebarProcess, writeLongConversation } from "@typebar/testing";
import type { LongConversation, TypebarProcess } from "@typebar/testing";
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";

let browser: Browser;
let server: TypebarProcess;
let page: Page;
let conversation: LongConversation;

beforeAll(async () => {
  [browser, server] = await Promise.all([openChromium(), openTypebarProcess()]);
  await server.kill("SIGTERM");
  conversation = writeLongConversation(server.dataDir, 5000);
  await server.start();
  page = await browser.newPage({ locale: "en-GB", viewport: { width: 1280, height: 800 } });
  await page.goto(`${server.url}/c/${conversation.id}`);
  await page.getByText(conversation.marks.last).waitFor();
}, 120_000);
afterAll(async () => {
  await Promise.all([browser?.close(), server?.[Symbol.asyncDispose]()]);
});

const slow = { timeout: 15_000 };

function inFull(): Promise<number> {
  return page.getByTestId("message-user").count();
}

describe("a conversation of 5,000 messages", () => {
  it("opens at its end, with all of its text and only that in full which is near", async () => {
    expect(await page.locator(".turn").count()).toBe(2500);
    const text = await page.getByTestId("transcript").evaluate((element) => element.textContent);
    for (const mark of Object.values(conversation.marks)) expect(text).toContain(mark);
    expect(await inFull()).toBeLessThan(60);
    const toEnd = (): Promise<number> =>
      page
        .getByTestId("transcript")
        .evaluate((element) => element.scrollHeight - element.clientHeight - element.scrollTop);
    await expect.poll(toEnd, slow).toBeLessThanOrEqual(2);
  });

  it("draws in full what is scrolled to", async () => {
    const first = page.getByText(conversation.marks.first);
    await page.getByTestId("transcript").focus();
    await page.keyboard.press("Home");
    await expect.poll(() => page.getByTestId("message-user").filter({ has: first }).count(), slow).toBe(1);
    await expect.poll(() => first.evaluate((element) => element.getBoundingClientRect().top), slow).toBeGreaterThan(0);
    await page.getByTestId("to-end").click();
    const last = page.getByText(conversation.marks.last);
    await expect.poll(() => last.evaluate((element) => element.getBoundingClientRect().bottom), slow).toBeLessThan(800);
    expect(await inFull()).toBeLessThan(120);
  });
});
