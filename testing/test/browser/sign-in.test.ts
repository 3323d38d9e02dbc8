/** The sign-in page in a real Chromium: browsers decide themselves which Origin and cookies a form is sent with. */
import { findAxeViolations, openChromium, openTypebarProcess, type TypebarProcess } from "@typebar/testing";
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

  it("is not needed by the frame that draws a diagram, which has no cookie", async () => {
    const context = await browser.newContext();
    const page = await context.newPage();
    await page.goto(server.url);
    await page.locator("input[type=password]").fill(password);
    await page.keyboard.press("Enter");
    await page.getByTestId("composer-input").waitFor();
    const drawn = await page.evaluate(
      () =>
        new Promise<unknown>((resolve) => {
          const frame = document.createElement("iframe");
          frame.setAttribute("sandbox", "allow-scripts");
          frame.src = "/diagram/index.html";
          frame.addEventListener("load", () => {
            const { port1, port2 } = new MessageChannel();
            port1.addEventListener("message", ({ data }) => resolve(data));
            port1.start();
            frame.contentWindow?.postMessage(null, "*", [port2]);
            port1.postMessage({ source: "flowchart TD\n  A --> B", dark: false });
          });
          document.body.append(frame);
        }),
    );
    expect(drawn).toMatchObject({ type: "drawn" });
    await context.close();
  });

  it.each([
    { locale: "en-GB", colorScheme: "light" },
    { locale: "zh-CN", colorScheme: "dark" },
  ] as const)("is a page in which axe finds nothing, also when it says no: $locale, $colorScheme", async (options) => {
    const context = await browser.newContext({ ...options, viewport: { width: 320, height: 640 } });
    const page = await context.newPage();
    await page.goto(server.url);
    expect(await findAxeViolations(page)).toEqual([]);
    await page.locator("input[type=password]").fill("wrong");
    await page.keyboard.press("Enter");
    await page.getByRole("alert").waitFor();
    expect(await findAxeViolations(page)).toEqual([]);
    expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBe(320);
    expect((await page.locator("button").boundingBox())?.height).toBeGreaterThanOrEqual(44);
    await context.close();
  });
});
