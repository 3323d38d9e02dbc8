/** Writing and sending, with the keys and input methods that people have. */
import type { BrowserContextOptions, CDPSession, Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { openPageWorld } from "../page/page-world.ts";
import type { PageWorld } from "../page/page-world.ts";
import { ask, boxOf, isComplete, lastAnswer, phone, until } from "./acts.ts";

let world: PageWorld;

beforeAll(async () => {
  world = await openPageWorld((text) =>
    text.includes("slow")
      ? { chunks: Array.from({ length: 200 }, (_, index) => `word ${index} `), delayMs: 50 }
      : { chunks: ["An answer."], delayMs: 0 },
  );
});
afterAll(() => world.close());
afterEach(async () => {
  const complaints = [...world.complaints];
  await world.reset();
  expect(complaints).toEqual([]);
});

async function open(options: BrowserContextOptions = {}): Promise<Page> {
  return world.openPage(await world.openContext(options));
}

function focused(page: Page): Promise<string | undefined> {
  return page.evaluate(() => (document.activeElement as HTMLElement).dataset["testid"]);
}

/** A key as the system sends it while an input method works on it: the page sees code 229 and no name. */
async function pressWithInputMethod(devtools: CDPSession, key: string): Promise<void> {
  const event = { key, code: key, windowsVirtualKeyCode: 229, nativeVirtualKeyCode: 229 };
  await devtools.send("Input.dispatchKeyEvent", { type: "rawKeyDown", ...event });
  await devtools.send("Input.dispatchKeyEvent", { type: "keyUp", ...event });
}

describe("an input method", () => {
  it("keeps Enter for itself while it composes; the next Enter sends", async () => {
    const page = await open({ locale: "zh-CN" });
    const field = page.getByTestId("composer-input");
    const devtools = await page.context().newCDPSession(page);
    await page.evaluate(() => {
      const seen: boolean[] = [];
      Object.assign(globalThis, { seen });
      document.addEventListener("keydown", (event) => seen.push(event.isComposing), { capture: true });
    });
    await field.focus();
    await devtools.send("Input.imeSetComposition", { text: "ni hao", selectionStart: 6, selectionEnd: 6 });
    expect(await field.inputValue()).toBe("ni hao");
    await pressWithInputMethod(devtools, "Enter");
    // The browser said that it composes, and nothing was sent.
    expect(await page.evaluate(() => (globalThis as unknown as { seen: boolean[] }).seen)).toEqual([true]);
    expect(await page.getByTestId("message-user").count()).toBe(0);
    await devtools.send("Input.insertText", { text: "你好" });
    expect(await field.inputValue()).toContain("你好");
    const written = await field.inputValue();
    await page.keyboard.press("Enter");
    await isComplete(page);
    expect(await page.locator(".bubble").innerText()).toBe(written.trim());
    expect(world.server.starts).toBe(1);
  });

  it("keeps Enter for itself where the browser only tells by key code 229", async () => {
    const page = await open();
    const field = page.getByTestId("composer-input");
    const devtools = await page.context().newCDPSession(page);
    await field.fill("안녕");
    await pressWithInputMethod(devtools, "Enter");
    expect(await page.getByTestId("message-user").count()).toBe(0);
    expect(await field.inputValue()).toBe("안녕");
    await page.keyboard.press("Enter");
    await isComplete(page);
  });

  it("keeps Escape for itself: what it throws away is its own, not the answer", async () => {
    const page = await open();
    await ask(page, "slow");
    await page.getByTestId("answer-text").getByText("word 1").waitFor();
    const devtools = await page.context().newCDPSession(page);
    await page.getByTestId("composer-input").focus();
    await devtools.send("Input.imeSetComposition", { text: "ni", selectionStart: 2, selectionEnd: 2 });
    await page.keyboard.press("Escape");
    await devtools.send("Input.imeSetComposition", { text: "", selectionStart: 0, selectionEnd: 0 });
    await pressWithInputMethod(devtools, "Escape");
    await page.getByTestId("answer-text").getByText("word 12").waitFor();
    expect(await page.getByTestId("stop").isVisible()).toBe(true);
    await page.keyboard.press("Escape");
    await lastAnswer(page, "stopped").waitFor();
  });
});

describe("sending", () => {
  it("keeps focus in the composer, by key and by button, and lets it be written on while the answer comes", async () => {
    const page = await open();
    const field = page.getByTestId("composer-input");
    await field.fill("slow");
    await field.press("Enter");
    expect(await focused(page)).toBe("composer-input");
    await page.getByTestId("answer-text").getByText("word 1").waitFor();
    await page.keyboard.type("the next thought");
    expect(await field.inputValue()).toBe("the next thought");
    expect(await field.isEditable()).toBe(true);
    // There is an answer on its way: Enter loses nothing and sends nothing.
    await page.keyboard.press("Enter");
    expect(await field.inputValue()).toBe("the next thought");
    // It says why, as long as that is so.
    await page.getByTestId("too-early").waitFor();
    await page.keyboard.press("Escape");
    await lastAnswer(page, "stopped").waitFor();
    await page.getByTestId("too-early").waitFor({ state: "detached" });
    expect(await focused(page)).toBe("composer-input");
    await page.getByTestId("send").click();
    await isComplete(page);
    expect(await focused(page)).toBe("composer-input");
    expect(world.server.starts).toBe(2);
  });

  it("has send and stop in one place, so that nothing moves and the pointer need not", async () => {
    const page = await open();
    await page.getByTestId("composer-input").fill("slow");
    const send = await boxOf(page.getByTestId("send"));
    await page.getByTestId("send").click();
    // A second click that comes at once is taken for half of a double click.
    await page.getByTestId("answer-text").getByText("word 30").waitFor();
    const stop = await boxOf(page.getByTestId("stop"));
    expect([stop.x, stop.width, stop.height]).toEqual([send.x, send.width, send.height]);
    // Both as far from the end of the composer.
    const composer = await boxOf(page.locator("#composer"));
    expect(composer.y + composer.height - stop.y - stop.height).toBe(8);
    expect(await page.getByTestId("send").count()).toBe(0);
    await page.getByTestId("stop").click();
    await lastAnswer(page, "stopped").waitFor();
    expect(await boxOf(page.getByTestId("send"))).toEqual(stop);
    expect(await focused(page)).toBe("composer-input");
  });

  it("does nothing with nothing to send, and breaks the line with Shift and Enter", async () => {
    const page = await open();
    const field = page.getByTestId("composer-input");
    expect(await page.getByTestId("send").isDisabled()).toBe(true);
    await field.fill("  \n ");
    await field.press("Enter");
    expect(await page.getByTestId("message-user").count()).toBe(0);
    await field.fill("one");
    await field.press("Shift+Enter");
    expect(await field.inputValue()).toBe("one\n");
    expect(world.server.starts).toBe(0);
  });

  it("can be written in without the server, and keeps what was written over a reload", async () => {
    const page = await open();
    await page.context().setOffline(true);
    await page.getByTestId("composer-input").fill("written in a tunnel");
    await page.context().setOffline(false);
    await page.reload();
    await until(() => page.getByTestId("composer-input").inputValue()).toBe("written in a tunnel");
  });
});

describe("a draft", () => {
  it("belongs to its conversation, and what is written while one begins goes along", async () => {
    const page = await open();
    const field = page.getByTestId("composer-input");
    await ask(page, "slow one");
    await page.keyboard.type("for the first");
    await page.waitForURL(/\/c\//u);
    await page.keyboard.type(", too");
    await page.getByTestId("new-chat").click();
    await until(() => field.inputValue()).toBe("");
    await field.fill("for a new one");
    await page.getByTestId("conversation-item").getByRole("link").click();
    await until(() => field.inputValue()).toBe("for the first, too");
    await page.reload();
    await until(() => field.inputValue()).toBe("for the first, too");
    await page.getByTestId("new-chat").click();
    await until(() => field.inputValue()).toBe("for a new one");
  });
});

describe("on a phone", () => {
  it("Enter is a new line, the button sends, and the keyboard does not come up by itself", async () => {
    const page = await open(phone);
    const field = page.getByTestId("composer-input");
    expect(await focused(page)).not.toBe("composer-input");
    expect(await field.getAttribute("enterkeyhint")).toBe("enter");
    await field.tap();
    await page.keyboard.type("one");
    await page.keyboard.press("Enter");
    await page.keyboard.type("two");
    expect(await field.inputValue()).toBe("one\ntwo");
    expect(await page.getByTestId("message-user").count()).toBe(0);
    await page.getByTestId("send").tap();
    await isComplete(page);
    expect(await page.locator(".bubble").innerText()).toBe("one\ntwo");
  });
});
