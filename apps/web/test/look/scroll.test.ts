/** Where the transcript stands while an answer comes, and who decides it: the reader. */
import type { BrowserContextOptions, Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { openPageWorld } from "../page/page-world.ts";
import type { PageWorld } from "../page/page-world.ts";
import { ask, boxOf, distanceToEnd, isComplete, nextFrames, phone, restingTop, scrollTop, until } from "./acts.ts";
import { createSteeredAnswer } from "./steered-answer.ts";
import type { SteeredAnswer } from "./steered-answer.ts";

const paragraph = "Several words that make a paragraph of one or two lines, so that the answer grows.\n\n";

let world: PageWorld;
/** What answers the next question but the first of a test. */
let answer: SteeredAnswer;
let page: Page;

beforeAll(async () => {
  world = await openPageWorld((text) =>
    text.includes("first") ? { chunks: [paragraph.repeat(4)], delayMs: 0 } : { chunks: answer.chunks, delayMs: 0 },
  );
});
afterAll(() => world.close());
afterEach(async () => {
  const complaints = [...world.complaints];
  await world.reset();
  expect(complaints).toEqual([]);
});

async function open(options: BrowserContextOptions = {}): Promise<void> {
  answer = createSteeredAnswer();
  page = await world.openPage(await world.openContext(options));
}

async function say(paragraphs: number): Promise<void> {
  const blocks = page.getByTestId("answer-text").last().locator("p");
  const before = await blocks.count();
  answer.say(paragraph.repeat(paragraphs));
  await blocks.nth(before + paragraphs - 1).waitFor();
  // Its last words are typed.
  await blocks
    .nth(before + paragraphs - 1)
    .filter({ hasText: /grows\.$/u })
    .waitFor();
  await nextFrames(page);
}

/** An answer that is longer than the page, followed to its end so far. */
async function beginLongAnswer(): Promise<void> {
  await ask(page, "long");
  await say(20);
  expect(await distanceToEnd(page)).toBeLessThan(2);
}

/** The page grows, and what is seen stays. */
async function staysWhileItGrows(): Promise<void> {
  const before = await restingTop(page);
  await say(5);
  expect(await scrollTop(page)).toBe(before);
  expect(await distanceToEnd(page)).toBeGreaterThan(100);
}

describe("a question that is sent", () => {
  it("goes to the top with 64 px of what was before, and the answer streams below without moving it", async () => {
    await open();
    await ask(page, "first");
    await isComplete(page);
    await ask(page, "second");
    const question = page.locator(".bubble").last();
    const transcript = await boxOf(page.getByTestId("transcript"));
    const top = async (): Promise<number> => Math.round((await boxOf(question)).y - transcript.y);
    await until(top).toBe(64);
    for (const paragraphs of [1, 3, 2]) {
      await say(paragraphs);
      expect(await top()).toBe(64);
    }
    // Only once the answer is longer than the page, its end is followed.
    await say(20);
    expect(await top()).toBeLessThan(0);
    expect(await distanceToEnd(page)).toBeLessThan(2);
    answer.end();
    await isComplete(page);
  });

  it("stands there even when the reader was far up in the conversation", async () => {
    await open();
    for (let question = 0; question < 3; question += 1) {
      await ask(page, `first ${question}`);
      await isComplete(page);
    }
    await page.getByTestId("transcript").hover();
    await page.mouse.wheel(0, -2000);
    await until(() => scrollTop(page)).toBe(0);
    await ask(page, "second");
    const transcript = await boxOf(page.getByTestId("transcript"));
    const question = page.locator(".bubble").last();
    await until(async () => Math.round((await boxOf(question)).y - transcript.y)).toBe(64);
  });
});

describe("the reader lets go at once", () => {
  it("with the wheel", async () => {
    await open();
    await beginLongAnswer();
    await page.getByTestId("transcript").hover();
    await page.mouse.wheel(0, -120);
    await until(() => distanceToEnd(page)).toBe(120);
    await staysWhileItGrows();
  });

  it("with a finger", async () => {
    await open(phone);
    await beginLongAnswer();
    const devtools = await page.context().newCDPSession(page);
    const touch = (type: "touchStart" | "touchMove" | "touchEnd", y?: number): Promise<unknown> =>
      devtools.send("Input.dispatchTouchEvent", { type, touchPoints: y === undefined ? [] : [{ x: 200, y }] });
    await touch("touchStart", 300);
    for (let y = 310; y <= 500; y += 10) await touch("touchMove", y);
    // The finger is still there, and the answer goes on under it.
    await staysWhileItGrows();
    await touch("touchEnd");
    await staysWhileItGrows();
  });

  it("with a key, that reaches the transcript from the composer", async () => {
    await open();
    await beginLongAnswer();
    let name: string | undefined;
    for (let tab = 0; tab < 40 && name !== "transcript"; tab += 1) {
      await page.keyboard.press("Shift+Tab");
      name = await page.evaluate(() => (document.activeElement as HTMLElement).dataset["testid"]);
    }
    expect(name).toBe("transcript");
    await page.keyboard.press("PageUp");
    await until(() => distanceToEnd(page)).toBeGreaterThan(300);
    await staysWhileItGrows();
  });

  it("with a selection, that stays selected", async () => {
    await open();
    await beginLongAnswer();
    const last = await boxOf(page.getByTestId("answer-text").locator("p").last());
    await page.mouse.move(last.x + 2, last.y + 12);
    await page.mouse.down();
    await page.mouse.move(last.x + 200, last.y + 12, { steps: 5 });
    const selected = await page.evaluate(() => getSelection()?.toString());
    expect(selected?.length).toBeGreaterThan(10);
    await staysWhileItGrows();
    await page.mouse.up();
    await staysWhileItGrows();
    expect(await page.evaluate(() => getSelection()?.toString())).toBe(selected);
  });
});

describe("the way back", () => {
  it("is a button that takes hold again and keeps focus on the page", async () => {
    await open();
    await beginLongAnswer();
    expect(await page.getByTestId("to-end").count()).toBe(0);
    await page.getByTestId("transcript").hover();
    await page.mouse.wheel(0, -400);
    await page.getByTestId("to-end").focus();
    await page.keyboard.press("Enter");
    await page.getByTestId("to-end").waitFor({ state: "detached" });
    expect(await page.evaluate(() => (document.activeElement as HTMLElement).dataset["testid"])).toBe("transcript");
    await say(5);
    expect(await distanceToEnd(page)).toBeLessThan(2);
  });

  it("is also to come to the end again", async () => {
    await open();
    await beginLongAnswer();
    await page.getByTestId("transcript").hover();
    await page.mouse.wheel(0, -300);
    await until(() => distanceToEnd(page)).toBe(300);
    await staysWhileItGrows();
    await page.mouse.wheel(0, 5000);
    await until(() => distanceToEnd(page)).toBeLessThan(2);
    await say(5);
    expect(await distanceToEnd(page)).toBeLessThan(2);
  });
});

describe("following", () => {
  it("needs no timer: it goes on when all of them stand still", async () => {
    // Without motion the text is shown as it comes, in the event that brings it.
    await open({ reducedMotion: "reduce" });
    await beginLongAnswer();
    await page.evaluate(() => {
      Object.assign(window, {
        setTimeout: () => 0,
        setInterval: () => 0,
        requestAnimationFrame: () => 0,
        requestIdleCallback: () => 0,
      });
    });
    const blocks = page.getByTestId("answer-text").locator("p");
    const before = await blocks.count();
    answer.say(paragraph.repeat(6));
    await blocks.nth(before + 5).waitFor();
    await until(() => distanceToEnd(page)).toBeLessThan(2);
  });

  it("never moves smoothly", async () => {
    await open();
    await beginLongAnswer();
    const behaviours = await page.evaluate(() =>
      [...document.querySelectorAll("*")].map((element) => getComputedStyle(element).scrollBehavior),
    );
    expect(new Set(behaviours)).toEqual(new Set(["auto"]));
  });
});

describe("the end of an answer", () => {
  it.each([1, 30])("moves nothing of what is on the page: %d paragraphs", async (paragraphs) => {
    await open();
    await ask(page, "first");
    await isComplete(page);
    await ask(page, "second");
    answer.say("# A title\n\n- one\n- two\n\n| a | b |\n|---|---|\n| 1 | 2 |\n\n```ts\nlet x = 1;\n```\n\n");
    await page.locator("[class^=tok-]").first().waitFor({ state: "attached" });
    await say(paragraphs);
    const places = (): Promise<[string, number, number][]> =>
      page.evaluate(() =>
        [...document.querySelectorAll(".bubble, [data-testid=answer-text] *, #composer")].map((element) => {
          const { x, y } = element.getBoundingClientRect();
          return [element.tagName, x, y];
        }),
      );
    const before = await places();
    answer.end();
    await isComplete(page);
    await page.getByTestId("copy").last().waitFor();
    await nextFrames(page);
    expect(await places()).toEqual(before);
  });
});
