/** Branches in the page, in a real Chromium over a real server: edited, tried again, stepped through, deleted, and the same after a reload. */
import { openChromium, openScriptedModel, openTypebarProcess } from "@typebar/testing";
import type { ScriptedModel, TypebarProcess } from "@typebar/testing";
import type { Browser, BrowserContextOptions, Locator, Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";

let browser: Browser;
let model: ScriptedModel;
let server: TypebarProcess;
let page: Page;
const complaints: string[] = [];

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
  page = await openPage();
});
afterEach(async () => {
  await Promise.all(browser.contexts().map((context) => context.close()));
  expect(complaints.splice(0)).toEqual([]);
});

async function openPage(options: BrowserContextOptions = {}): Promise<Page> {
  const context = await browser.newContext({ locale: "en-GB", viewport: { width: 1280, height: 800 }, ...options });
  const opened = await context.newPage();
  opened.on("pageerror", (error) => complaints.push(String(error)));
  opened.on("console", (message) => {
    if (/Content Security Policy|Uncaught/i.test(message.text())) complaints.push(message.text());
  });
  await opened.goto(server.url);
  await opened.getByTestId("composer-input").waitFor();
  return opened;
}

async function ask(question: string): Promise<void> {
  await page.getByTestId("composer-input").fill(question);
  await page.getByTestId("composer-input").press("Enter");
  await isAnswered();
}

async function isAnswered(): Promise<void> {
  await page.getByTestId("message-assistant").last().and(page.locator('[data-state="completed"]')).waitFor();
  await page.getByTestId("send").waitFor();
}

function questions(): Promise<string[]> {
  return page.getByTestId("message-user").locator(".bubble").allInnerTexts();
}

function user(index: number): Locator {
  return page.getByTestId("message-user").nth(index);
}

function assistant(index: number): Locator {
  return page.getByTestId("message-assistant").nth(index);
}

async function place(message: Locator): Promise<string> {
  return (await message.getByTestId("branch").innerText()).replaceAll(/\s+/gu, " ");
}

async function edit(index: number, text: string): Promise<void> {
  await user(index).hover();
  await user(index).getByTestId("edit").click();
  await page.getByTestId("editor-input").fill(text);
  await page.getByTestId("editor-input").press("Enter");
}

function isComposerFocused(): Promise<boolean> {
  return page.getByTestId("composer-input").evaluate((element) => element === document.activeElement);
}

describe("a question", () => {
  it("is edited in place, and its branches are stepped through, also after a reload", async () => {
    await ask("First of all");
    await ask("And then");
    await edit(0, "First, in other words");
    await expect.poll(isComposerFocused).toBe(true);
    await isAnswered();
    expect(await questions()).toEqual(["First, in other words"]);
    expect(await place(user(0))).toBe("2 / 2");
    await user(0).getByRole("button", { name: "Previous version" }).click();
    await expect.poll(questions).toEqual(["First of all", "And then"]);
    expect(await place(user(0))).toBe("1 / 2");
    await page.reload();
    await user(1).waitFor();
    expect(await questions()).toEqual(["First of all", "And then"]);
    await user(0).getByRole("button", { name: "Next version" }).click();
    await expect.poll(questions).toEqual(["First, in other words"]);
    expect(model.violations).toEqual([]);
  });

  it("stays as it was when the edit is given up, and focus goes back to the pencil", async () => {
    await ask("Stay");
    for (const leave of ["Escape", "button"] as const) {
      await user(0).getByTestId("edit").focus();
      await page.keyboard.press("Enter");
      const field = page.getByTestId("editor-input");
      await expect.poll(() => field.evaluate((element) => element === document.activeElement)).toBe(true);
      expect(await field.inputValue()).toBe("Stay");
      await field.fill("Gone");
      if (leave === "Escape") await field.press("Escape");
      else await page.getByTestId("edit-cancel").click();
      await field.waitFor({ state: "detached" });
      expect(await questions()).toEqual(["Stay"]);
      const isFocused = (): Promise<boolean> =>
        user(0)
          .getByTestId("edit")
          .evaluate((element) => element === document.activeElement);
      await expect.poll(isFocused).toBe(true);
    }
    expect(await user(0).getByTestId("branch").count()).toBe(0);
  });

  it("is not sent by the Enter of an input method, nor on Shift", async () => {
    await ask("Compose");
    await user(0).getByTestId("edit").focus();
    await page.keyboard.press("Enter");
    const field = page.getByTestId("editor-input");
    await field.fill("你好");
    await field.dispatchEvent("keydown", { key: "Enter", isComposing: true, bubbles: true, cancelable: true });
    await field.dispatchEvent("keydown", { key: "Enter", keyCode: 229, bubbles: true, cancelable: true });
    await field.press("Shift+Enter");
    expect(await field.inputValue()).toBe("你好\n");
    await page.getByTestId("edit-send").click();
    await isAnswered();
    expect(await place(user(0))).toBe("2 / 2");
  });
});

describe("an answer", () => {
  it("is tried again wherever it stands, and its versions are stepped through by keyboard", async () => {
    await ask("One");
    await ask("Two");
    await assistant(0).hover();
    await assistant(0).getByTestId("try-again").click();
    await expect.poll(questions).toEqual(["One"]);
    await expect.poll(isComposerFocused).toBe(true);
    await isAnswered();
    await expect.poll(() => place(assistant(0))).toBe("2 / 2");
    const previous = assistant(0).getByRole("button", { name: "Previous version" });
    await previous.focus();
    const top = async (): Promise<number> =>
      assistant(0)
        .getByTestId("branch")
        .evaluate((element) => Math.round(element.getBoundingClientRect().top));
    const before = await top();
    await page.keyboard.press("Enter");
    await expect.poll(questions).toEqual(["One", "Two"]);
    expect(await place(assistant(0))).toBe("1 / 2");
    expect(Math.abs((await top()) - before)).toBeLessThanOrEqual(1);
    // At the first one there is no way back: focus is at the only way on.
    await page.keyboard.press("Enter");
    await expect.poll(questions).toEqual(["One"]);
    expect(await place(assistant(0))).toBe("2 / 2");
  });

  it("is given by another model where one is chosen for it", async () => {
    await ask("Who are you?");
    expect(await assistant(0).getByTestId("detail").innerText()).toMatch(/^scripted · \d+ tokens/u);
    await assistant(0).getByTestId("answer-menu").focus();
    await page.keyboard.press("Enter");
    await page.locator('[data-testid="try-again-with"][data-model$="overlaps"]').click();
    await expect.poll(() => place(assistant(0)).catch(() => "")).toBe("2 / 2");
    await isAnswered();
    expect(await assistant(0).getByTestId("detail").innerText()).toMatch(/^overlaps · \d+ tokens/u);
    // The next question goes to the model that is chosen for the page.
    await ask("And you?");
    expect(await assistant(1).getByTestId("detail").innerText()).toMatch(/^scripted · /u);
  });
});

describe("a message", () => {
  it("is deleted with what follows, once that is confirmed", async () => {
    await ask("Keep");
    await ask("Drop");
    await assistant(1).getByTestId("answer-menu").click();
    await page.getByTestId("delete-message").click();
    const dialog = page.getByTestId("delete-message-dialog");
    await dialog.waitFor();
    await page.keyboard.press("Escape");
    await dialog.waitFor({ state: "detached" });
    expect(await questions()).toEqual(["Keep", "Drop"]);
    await user(1).hover();
    await user(1).getByTestId("delete-question").click();
    await page.getByTestId("delete-message-confirm").click();
    await expect.poll(questions).toEqual(["Keep"]);
    await page.reload();
    await user(0).waitFor();
    expect(await questions()).toEqual(["Keep"]);
    await ask("Go on");
    expect(await questions()).toEqual(["Keep", "Go on"]);
  });

  it("leaves a question that can be answered again", async () => {
    await ask("Answer me");
    await assistant(0).getByTestId("answer-menu").click();
    await page.getByTestId("delete-message").click();
    await page.getByTestId("delete-message-confirm").click();
    await expect.poll(() => page.getByTestId("message-assistant").count()).toBe(0);
    await page.getByTestId("answer-it").click();
    await isAnswered();
    expect(await questions()).toEqual(["Answer me"]);
  });

  it("has all its buttons in reach of a thumb", async () => {
    await page.context().close();
    page = await openPage({ viewport: { width: 390, height: 844 }, hasTouch: true, isMobile: true });
    await page.getByTestId("composer-input").fill("Touch");
    await page.getByTestId("send").tap();
    await isAnswered();
    await user(0).getByTestId("edit").tap();
    await page.getByTestId("editor-input").fill("Touched");
    await page.getByTestId("edit-send").tap();
    await isAnswered();
    await expect.poll(() => place(user(0))).toBe("2 / 2");
    for (const button of await page.locator(".message .icon-button").all()) {
      const box = await button.boundingBox();
      expect([Math.round(box?.width ?? 0), Math.round(box?.height ?? 0)]).toEqual([44, 44]);
      expect(await button.evaluate((element) => getComputedStyle(element.parentElement ?? element).opacity)).toBe("1");
    }
    const overflow = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
    expect(overflow).toBeLessThanOrEqual(0);
  });
});

describe("what a model thought", () => {
  it("is told in seconds while it thinks, and the same after a reload", async () => {
    await ask("script:plain:1:60 reasoning:40 deltas:12 delay:150");
    const line = assistant(0).getByTestId("reasoning");
    const said = await line.innerText();
    expect(said).toMatch(/^Thought for \d+ s$/u);
    await page.reload();
    await line.waitFor();
    await expect.poll(() => line.innerText()).toBe(said);
    await line.locator("summary").click();
    expect(await line.locator(".thoughts").innerText()).not.toBe("");
  });
});
