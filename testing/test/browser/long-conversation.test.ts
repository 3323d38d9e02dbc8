/** A conversation of 5,000 messages in the page, in a real Chromium over a real server. */
import { openChromium, openTypebarProcess, writeLongConversation } from "@typebar/testing";
import type { LongConversation, TypebarProcess } from "@typebar/testing";
import type { Browser, Locator, Page } from "playwright-core";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";

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
}, 120_000);
afterAll(async () => {
  await Promise.all([browser?.close(), server?.[Symbol.asyncDispose]()]);
});
beforeEach(() => open());

/** A browser scrolls by whole pixels, and heights are parts of one. As `toBeCloseTo` takes it: 5 pixels. */
const withinPx = -1;
const slow = { timeout: 15_000 };

async function open(messageId = ""): Promise<void> {
  await page.goto("about:blank");
  await page.goto(`${server.url}/c/${conversation.id}#${messageId}`);
  // All of it is on the page, though most of it not laid out.
  await expect.poll(() => page.locator(".turn").count(), slow).toBe(2500);
}

function transcript(): Locator {
  return page.getByTestId("transcript");
}

function inFull(): Promise<number> {
  return page.getByTestId("message-user").count();
}

function turnOf(text: string): Locator {
  return page.locator(".turn").filter({ hasText: text });
}

/** From the top of the window. */
function topOf(locator: Locator): Promise<number> {
  return locator.evaluate((element) => element.getBoundingClientRect().top);
}

/** Everything in and around the view is drawn in full: nothing has changed for ten frames. */
async function isQuiet(): Promise<void> {
  await page.evaluate(
    () =>
      new Promise<void>((resolve) => {
        let quiet = 0;
        let before = "";
        const look = (): void => {
          const element = document.querySelector("[data-testid=transcript]");
          const now = `${element?.scrollTop} ${element?.scrollHeight} ${element?.querySelectorAll(".far").length}`;
          quiet = now === before ? quiet + 1 : 0;
          before = now;
          if (quiet === 10) resolve();
          else requestAnimationFrame(look);
        };
        look();
      }),
  );
}

/** By a jump, as a scroll bar that is dragged does it. */
async function goToMiddle(): Promise<void> {
  await transcript().evaluate((element) => (element.scrollTop = element.scrollHeight / 2));
}

/** Finds and selects it as a search in the page does. @returns what is selected then */
async function findInPage(words: string): Promise<string> {
  return page.evaluate((text) => {
    getSelection()?.removeAllRanges();
    // Its types do not know it.
    const { find } = globalThis as unknown as {
      find(text: string, exact: boolean, back: boolean, wrap: boolean): boolean;
    };
    find(text, true, false, true);
    return String(getSelection());
  }, words);
}

function selectionTop(): Promise<number> {
  return page.evaluate(() => getSelection()?.getRangeAt(0).getBoundingClientRect().top ?? -1);
}

/** What of the turns in the view is plain text. */
function plainInView(): Promise<number> {
  return page.evaluate(
    () =>
      [...document.querySelectorAll(".turn.far")].filter((turn) => {
        const { top, bottom } = turn.getBoundingClientRect();
        return bottom > 48 && top < innerHeight;
      }).length,
  );
}

describe("a conversation of 5,000 messages", () => {
  it("opens at its end, with all of its text and only that in full which is near", async () => {
    const text = await transcript().evaluate((element) => element.textContent);
    for (const mark of Object.values(conversation.marks)) expect(text).toContain(mark);
    await isQuiet();
    expect(await inFull()).toBeLessThan(30);
    const toEnd = (): Promise<number> =>
      transcript().evaluate((element) => element.scrollHeight - element.clientHeight - element.scrollTop);
    await expect.poll(toEnd, slow).toBeLessThanOrEqual(2);
  });

  it("draws in full what is scrolled to, and takes its reader to either end", async () => {
    const first = page.getByText(conversation.marks.first);
    await transcript().focus();
    await page.keyboard.press("Home");
    await expect.poll(() => page.getByTestId("message-user").filter({ has: first }).count(), slow).toBe(1);
    await expect.poll(() => topOf(first), slow).toBeGreaterThan(0);
    await page.getByTestId("to-end").click();
    const last = page.getByText(conversation.marks.last);
    await expect.poll(() => last.evaluate((element) => element.getBoundingClientRect().bottom), slow).toBeLessThan(800);
    expect(await inFull()).toBeLessThan(120);
  });

  it("shows nobody its plain text, wherever its reader jumps", async () => {
    const seen = await page.evaluate(async () => {
      const element = document.querySelector<HTMLElement>("[data-testid=transcript]");
      if (element === null) return [];
      const plain: number[] = [];
      for (const part of [0.5, 0.2, 0.8, 0, 0.35]) {
        element.scrollTop = element.scrollHeight * part;
        // After the next frame was drawn.
        await new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(resolve)));
        const { top, bottom } = element.getBoundingClientRect();
        const turns = [...element.querySelectorAll(".turn")].filter((turn) => {
          const place = turn.getBoundingClientRect();
          return place.bottom > top && place.top < bottom;
        });
        plain.push(turns.length === 0 ? -1 : turns.filter((turn) => turn.classList.contains("far")).length);
      }
      return plain;
    });
    expect(seen).toEqual([0, 0, 0, 0, 0]);
  });

  it("moves nothing that is read while turns above and below it become full ones", async () => {
    await goToMiddle();
    await isQuiet();
    await transcript().hover();
    for (let step = 0; step < 12; step += 1) {
      const key = await page.evaluate(() => {
        const turns = [...document.querySelectorAll<HTMLElement>(".turn")];
        return turns.find((turn) => turn.getBoundingClientRect().top > 60)?.dataset["turn"];
      });
      const turn = page.locator(`[data-turn="${key}"]`);
      const wanted = (await topOf(turn)) + 250;
      await page.mouse.wheel(0, -250);
      await expect.poll(() => topOf(turn)).toBeCloseTo(wanted, withinPx);
      await isQuiet();
      expect(await topOf(turn)).toBeCloseTo(wanted, withinPx);
    }
  });

  it("leads to a message that was searched for, and draws it in full", async () => {
    const messageId = await turnOf(conversation.marks.middle).locator(".user").getAttribute("data-message");
    await open(messageId ?? "");
    const message = page.getByTestId("message-user").filter({ hasText: conversation.marks.middle });
    await message.waitFor();
    await isQuiet();
    expect(await topOf(message)).toBeCloseTo((await topOf(transcript())) + 16, withinPx);
    expect(await plainInView()).toBe(0);
  });
});

describe("words that are searched for in the page", () => {
  it("are found in what is not laid out, come into view, and stay selected and in place while it is drawn", async () => {
    expect(await findInPage(conversation.marks.middle)).toBe(conversation.marks.middle);
    await expect.poll(selectionTop, slow).toBeLessThan(800);
    const top = await selectionTop();
    expect(top).toBeGreaterThan(48);
    await isQuiet();
    expect(await selectionTop()).toBeCloseTo(top, withinPx);
    expect(await page.evaluate(() => String(getSelection()))).toBe(conversation.marks.middle);
    // What stands beside it is full, and so is the turn itself when nothing in it is selected any more.
    expect(await plainInView()).toBe(1);
    await page.evaluate(() => getSelection()?.removeAllRanges());
    await page.getByTestId("message-user").filter({ hasText: conversation.marks.middle }).waitFor();
    expect(await plainInView()).toBe(0);
  });

  it("are found again further on, and at either end", async () => {
    for (const words of [conversation.marks.first, "of turn 1200 reads", conversation.marks.last]) {
      expect(await findInPage(words)).toBe(words);
      await expect.poll(selectionTop, slow).toBeLessThan(800);
      expect(await selectionTop()).toBeGreaterThan(48);
    }
  });
});
