/** The sign-in page in a real Chromium: browsers decide themselves which Origin and cookies a form is sent with. */
import { openChromium, openTypebarProcess, type TypebarProcess } from "@typebar/testing";
import type { Browser } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";

const password = "pass wörd 密码";
let browser: Browser;
let server: TypebarProcess;

beforeAll(async () => {
  [browser, server] = await Promise.all([openChromium(), openTypebarProcess({ env: { TYPEBAR_PASSWORD: password } })]);
});
afterAll(async () => {
  await Promise.all([browser?.close(), server?.[Symbol.asyncDispose]()]);
});

describe("signing in", () => {
  it("leads to the page, and is remembered", async () => {
    const context = await browser.newContext();
    const page = await context.newPage();
    await page.goto(server.url);
    expect(new URL(page.url()).pathname).toBe("/sign-in");
    await page.locator("input[type=password]").fill("wrong");
    await page.keyboard.press("Enter");
    await page.locator("input[type=password]").fill(password);
    await page.keyboard.press("Enter");
    await page.getByTestId("composer-input").waitFor();
    expect(new URL(page.url()).pathname).toBe("/");
    await page.reload();
    await page.getByTestId("composer-input").waitFor();
    await context.close();
  });
});
