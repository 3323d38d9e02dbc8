/** Where things stand and how large they are: the measures of the page. */
import type { BrowserContextOptions, Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { openPageWorld } from "../page/page-world.ts";
import type { PageWorld } from "../page/page-world.ts";
import { ask, boxOf, isComplete, phone, styleOf, until } from "./acts.ts";

const answer = `A paragraph.

Another one, with \`code\` in it.

\`\`\`ts
const numbers = [${"1234567890, ".repeat(40)}];
${"let x = 1;\n".repeat(60)}\`\`\`

The end.`;
const chinese = "第一段有 128 个字。\n\n第二段。";

let world: PageWorld;

beforeAll(async () => {
  world = await openPageWorld((text) => ({ chunks: [/\p{Script=Han}/u.test(text) ? chinese : answer], delayMs: 0 }));
});
afterAll(() => world.close());
afterEach(async () => {
  const complaints = [...world.complaints];
  await world.reset();
  expect(complaints).toEqual([]);
});

function gap(upper = { bottom: Number.NaN }, lower = { top: Number.NaN }): number {
  return Math.round(lower.top - upper.bottom);
}

async function open(options: BrowserContextOptions = {}): Promise<Page> {
  return world.openPage(await world.openContext(options));
}

describe("the frame", () => {
  it("is a list of 272 px and a column of 736 px in the middle of the rest", async () => {
    const page = await open();
    await ask(page, "One?");
    await isComplete(page);
    expect(await boxOf(page.locator("aside"))).toMatchObject({ x: 0, width: 272, height: 800 });
    const [main, text, composer] = await Promise.all(
      ["main", "[data-testid=answer-text]", "#composer"].map((selector) => boxOf(page.locator(selector))),
    );
    expect(main).toMatchObject({ x: 272, width: 1008 });
    expect(text).toMatchObject({ x: 272 + (1008 - 736) / 2, width: 736 });
    expect(composer).toMatchObject({ x: text?.x, width: 736 });
    expect((await boxOf(page.locator("main header"))).height).toBe(48);
  });

  it("leaves gutters of 24 px where the window is narrower, and of 16 px on a phone", async () => {
    const page = await open({ viewport: { width: 960, height: 700 } });
    await ask(page, "One?");
    await isComplete(page);
    // The rest is the room of the scroll bars, the same on both sides.
    const scroller = await page.getByTestId("transcript").evaluate((element) => element.clientWidth);
    expect((await boxOf(page.getByTestId("answer-text"))).width).toBe(scroller - 48);
    await page.setViewportSize({ width: 390, height: 844 });
    for (const place of [page.getByTestId("answer-text"), page.locator("#composer")]) {
      expect(await boxOf(place)).toMatchObject({ x: 16, width: 390 - 32 });
    }
    expect((await boxOf(page.getByTestId("message-user"))).width).toBe(390 - 32);
  });

  it("makes the list a drawer below 768 px, that holds focus and gives it back", async () => {
    const page = await open({ viewport: { width: 767, height: 800 } });
    await ask(page, "One?");
    await isComplete(page);
    const sidebar = page.locator("aside");
    const focused = (): Promise<string | undefined> =>
      page.evaluate(() => (document.activeElement as HTMLElement).dataset["testid"]);
    expect(await sidebar.isVisible()).toBe(false);
    expect((await boxOf(page.locator("main"))).width).toBe(767);
    await page.getByTestId("list-toggle").click();
    await sidebar.waitFor();
    expect(await focused()).toBe("new-chat");
    for (let tab = 0; tab < 8; tab += 1) {
      expect(await page.evaluate(() => document.activeElement?.closest("main"))).toBeNull();
      await page.keyboard.press("Tab");
    }
    // Of what lies above one another, Escape closes the uppermost.
    await page.getByTestId("conversation-menu").click();
    await page.getByRole("menu").waitFor();
    await page.keyboard.press("Escape");
    await page.getByRole("menu").waitFor({ state: "detached" });
    expect(await sidebar.isVisible()).toBe(true);
    await until(focused).toBe("conversation-menu");
    await page.keyboard.press("Escape");
    await sidebar.waitFor({ state: "hidden" });
    expect(await focused()).toBe("list-toggle");
    await page.setViewportSize({ width: 768, height: 800 });
    expect(await boxOf(sidebar)).toMatchObject({ x: 0, width: 272 });
  });

  it("draws a line under the header only when something has moved beneath it", async () => {
    const page = await open();
    await ask(page, "One?");
    await isComplete(page);
    const header = page.locator("main header");
    const line = async (): Promise<string> => (await styleOf(header, "border-bottom-color"))[0] ?? "";
    expect(await line()).not.toBe("rgba(0, 0, 0, 0)");
    await page.getByTestId("transcript").evaluate((element) => (element.scrollTop = 0));
    await until(line).toBe("rgba(0, 0, 0, 0)");
  });

  it("loses nothing at 320 px, nor at twice the size", async () => {
    const page = await open({ viewport: { width: 320, height: 640 } });
    await ask(page, "https://example.com/".repeat(12));
    await isComplete(page);
    const overflow = (): Promise<string[]> =>
      page.evaluate(() =>
        [...document.querySelectorAll("main *")]
          .filter((element) => element.closest("pre, .unseen, .table-scroll") === null)
          .filter((element) => element.getBoundingClientRect().right > document.documentElement.clientWidth)
          .map((element) => element.outerHTML.slice(0, 80)),
      );
    expect(await overflow()).toEqual([]);
    expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBe(320);
    for (const name of ["list-toggle", "wire-toggle", "send", "composer-input"]) {
      expect(await page.getByTestId(name).isVisible()).toBe(true);
    }
    await page.setViewportSize({ width: 640, height: 400 });
    expect(await overflow()).toEqual([]);
  });

  it("covers nothing and cuts nothing off in a low window, with letters, words and lines further apart", async () => {
    // Of 1280 × 1024 at four times the size, twice as high; WCAG 2.2, 1.4.10 and 1.4.12.
    const context = await world.openContext({ viewport: { width: 320, height: 512 } });
    await context.addInitScript(() => {
      const sheet = new CSSStyleSheet();
      sheet.replaceSync(
        "* { line-height: 1.5 !important; letter-spacing: 0.12em !important; word-spacing: 0.16em !important }",
      );
      document.adoptedStyleSheets = [sheet];
    });
    const page = await world.openPage(context);
    await page.getByTestId("suggestion").first().waitFor();
    await context.setOffline(true);
    await page.getByTestId("away").waitFor();
    await page.getByTestId("composer-input").fill("one\ntwo\nthree\nfour");
    const [header, greeting, note, composer, suggestion] = await Promise.all([
      boxOf(page.locator("main header")),
      boxOf(page.getByRole("heading", { level: 1 })),
      boxOf(page.getByTestId("away")),
      boxOf(page.locator("#composer")),
      boxOf(page.getByTestId("suggestion").first()),
    ]);
    const order = [header, greeting, note, composer, suggestion];
    const overlaps = order.slice(1).map((box, index) => box.y - ((order[index]?.y ?? 0) + (order[index]?.height ?? 0)));
    expect(Math.min(...overlaps)).toBeGreaterThanOrEqual(0);
    // What does not fit can be scrolled to.
    await page.getByTestId("suggestion").last().scrollIntoViewIfNeeded();
    const last = await boxOf(page.getByTestId("suggestion").last());
    expect(last.y + last.height).toBeLessThanOrEqual(512);
    await context.setOffline(false);
    await page.getByTestId("away").waitFor({ state: "detached" });
    await ask(page, "One?");
    await isComplete(page);
    const cut = await page.evaluate(() =>
      [...document.querySelectorAll<HTMLElement>("main *")]
        .filter((element) => element.closest(".unseen, pre, .table-scroll, .katex") === null)
        .filter((element) => [...element.childNodes].some((node) => node instanceof Text && node.data.trim() !== ""))
        // Names of models end in dots; they stand in full in the menu.
        .filter((element) => element.closest("[data-testid=model-picker]") === null)
        .filter((element) => getComputedStyle(element).overflowX === "hidden")
        .filter(
          (element) => element.scrollWidth > element.clientWidth || element.scrollHeight > element.clientHeight + 1,
        )
        .map((element) => element.outerHTML.slice(0, 80)),
    );
    expect(cut).toEqual([]);
  });
});

describe("type", () => {
  it("is the system's at 16 px with lines of 1.65, and names Chinese fonts", async () => {
    const page = await open();
    await ask(page, "One?");
    await isComplete(page);
    const [family, size, height, numerals, autospace] = await styleOf(
      page.getByTestId("answer-text"),
      "font-family",
      "font-size",
      "line-height",
      "font-variant-numeric",
      "text-autospace",
    );
    expect(family).toMatch(/^system-ui.*PingFang SC.*Noto Sans SC/u);
    expect([size, height, numerals, autospace]).toEqual(["16px", "26.4px", "tabular-nums", "normal"]);
    const code = ["font-size", "line-height", "text-autospace"];
    expect(await styleOf(page.locator("pre"), ...code)).toEqual(["13.5px", "20.925px", "no-autospace"]);
  });

  it.each(["en-US", "zh-CN"])("gives Chinese lines of 1.75, on a page that speaks %s", async (locale) => {
    const page = await open({ locale });
    await ask(page, "这个有多少字？");
    await isComplete(page);
    for (const place of [page.getByTestId("answer-text"), page.locator(".bubble")]) {
      expect(await styleOf(place, "line-height")).toEqual(["28px"]);
      expect(await place.evaluate((element) => element.matches(":lang(zh)"))).toBe(true);
    }
    await ask(page, "こんにちは、元気ですか。");
    await isComplete(page);
    const japanese = page.locator(".bubble").last();
    expect(await japanese.getAttribute("lang")).toBeNull();
  });

  it("leaves a space between Chinese and what is not", async () => {
    const page = await open({ locale: "zh-CN" });
    await ask(page, "这个有多少字？");
    await isComplete(page);
    const widths = await page.getByTestId("answer-text").evaluate((text) => {
      const measure = (content: string, autospace: string): number => {
        const probe = document.createElement("span");
        probe.textContent = content;
        probe.style.setProperty("text-autospace", autospace);
        text.append(probe);
        const { width } = probe.getBoundingClientRect();
        probe.remove();
        return width;
      };
      return { inherited: measure("有128个", "inherit"), none: measure("有128个", "no-autospace") };
    });
    expect(widths.inherited).toBeGreaterThan(widths.none);
  });
});

describe("a conversation", () => {
  it("has the question in a tinted bubble at the right, and the answer bare over the whole column", async () => {
    const page = await open();
    await ask(
      page,
      "A question that is a good deal longer than the bubble is wide, and so has several lines. ".repeat(3),
    );
    await isComplete(page);
    const bubble = page.locator(".bubble");
    const [box, text] = await Promise.all([boxOf(bubble), boxOf(page.getByTestId("answer-text"))]);
    expect(box.width).toBeLessThanOrEqual(736 * 0.8);
    expect(box.width).toBeGreaterThan(736 * 0.75);
    expect(box.x + box.width).toBe(text.x + text.width);
    const [radius, tint] = await styleOf(bubble, "border-top-left-radius", "background-color");
    expect(radius).toBe("18px");
    expect(tint).not.toBe((await styleOf(page.locator("html"), "background-color"))[0]);
    expect(await styleOf(page.getByTestId("answer-text"), "background-color", "border-top-width")).toEqual([
      "rgba(0, 0, 0, 0)",
      "0px",
    ]);
    expect(await page.locator("main img, main [class*=avatar]").count()).toBe(0);
  });

  it("leaves 32 px between turns and 14 px between blocks", async () => {
    const page = await open();
    await ask(page, "One?");
    await isComplete(page);
    await ask(page, "Two?");
    await isComplete(page);
    const edges = (selector: string): Promise<{ top: number; bottom: number }[]> =>
      page.locator(selector).evaluateAll((elements) =>
        elements.map((element) => {
          const { top, bottom } = element.getBoundingClientRect();
          return { top, bottom };
        }),
      );
    const [bubbles, answers, blocks] = await Promise.all(
      [".bubble", "[data-testid=message-assistant]", "[data-testid=answer-text] section > *"].map(edges),
    );
    const between = (blocks ?? []).slice(1).map((block, index) => gap(blocks?.[index], block));
    const gaps = {
      questionToAnswer: gap(bubbles?.[0], answers?.[0]),
      answerToQuestion: gap(answers?.[0], bubbles?.[1]),
      // Four blocks in each answer; between the answers there is more.
      blocks: between.filter((_, index) => index !== 3),
    };
    expect(gaps).toEqual({ questionToAnswer: 32, answerToQuestion: 32, blocks: Array.from({ length: 6 }, () => 14) });
  });

  it("keeps the head of code in sight, 36 px high, with the language and a button that copies", async () => {
    const page = await open();
    await page.context().grantPermissions(["clipboard-read", "clipboard-write"]);
    await ask(page, "One?");
    await isComplete(page);
    const head = page.locator(".code-head");
    await page.locator(".code pre .line").nth(30).scrollIntoViewIfNeeded();
    await page.getByTestId("transcript").hover();
    const transcript = await boxOf(page.getByTestId("transcript"));
    await page.locator(".code").evaluate((code) => {
      const scroller = code.closest<HTMLElement>("[data-testid=transcript]");
      if (scroller !== null) scroller.scrollTop += code.getBoundingClientRect().top + 400;
    });
    expect(await boxOf(head)).toMatchObject({ y: transcript.y, height: 36 });
    expect(await head.innerText()).toMatch(/^ts\s+Copy$/u);
    const head0 = await boxOf(head);
    // Scrolls sideways by itself: the page and the head stay.
    const moved = await page.locator("pre").evaluate((pre) => {
      pre.scrollLeft = 300;
      return [pre.scrollLeft, document.querySelector("[data-testid=transcript]")?.scrollLeft];
    });
    expect(moved).toEqual([300, 0]);
    expect(await boxOf(head)).toEqual(head0);
    await page.locator(".code-copy").click();
    expect(await page.evaluate(() => navigator.clipboard.readText())).toMatch(
      /^const numbers = [\s\S]*let x = 1;\s*$/u,
    );
  });
});

describe("the composer", () => {
  it("has a radius of 24 px and grows from 52 px to 40svh, then scrolls", async () => {
    const page = await open();
    const composer = page.locator("#composer");
    const field = page.getByTestId("composer-input");
    expect((await boxOf(composer)).height).toBe(52);
    expect(await styleOf(composer, "border-top-left-radius")).toEqual(["24px"]);
    await field.fill("one\ntwo\nthree");
    await until(async () => (await boxOf(composer)).height).toBe(52 + 2 * 25);
    await field.fill("line\n".repeat(60));
    await until(async () => (await boxOf(composer)).height).toBe(800 * 0.4 + 2);
    expect(await field.evaluate((element) => element.scrollHeight > element.clientHeight)).toBe(true);
    await field.fill("");
    await until(async () => (await boxOf(composer)).height).toBe(52);
  });

  it("stands in the middle of an empty page, under a greeting and over suggestions, and moves down in 200 ms", async () => {
    const page = await open();
    const greeting = page.getByRole("heading", { level: 1 });
    expect(await styleOf(greeting, "font-size")).toEqual(["28px"]);
    await page.getByTestId("suggestion").first().waitFor();
    expect([3, 4]).toContain(await page.getByTestId("suggestion").count());
    const before = await boxOf(page.locator("#composer"));
    expect(before.x + before.width / 2).toBe(272 + 1008 / 2);
    expect(Math.abs(before.y + before.height / 2 - 400)).toBeLessThan(40);
    await page.getByTestId("composer-input").fill("One?");
    const moves = await page.evaluate(async () => {
      document.querySelector<HTMLElement>("[data-testid=send]")?.click();
      while (document.querySelector(".bubble") === null) await new Promise(requestAnimationFrame);
      await new Promise(requestAnimationFrame);
      return document
        .getAnimations()
        .map((animation) => animation.effect)
        .filter((effect) => effect instanceof KeyframeEffect && effect.target?.querySelector("#composer") !== null)
        .map((effect) => effect?.getTiming().duration);
    });
    expect(moves).toEqual([200]);
    await until(async () => (await boxOf(page.locator("#composer"))).y).toBe(800 - 16 - 52);
  });

  it("does not move where motion is not wanted, and nothing else does", async () => {
    const page = await open({ reducedMotion: "reduce" });
    await ask(page, "One?");
    expect(await page.evaluate(() => document.getAnimations().length)).toBe(0);
    await isComplete(page);
    expect((await boxOf(page.locator("#composer"))).y).toBe(800 - 16 - 52);
  });
});

describe("a phone", () => {
  it("fills the window by its dynamic height, and stays over the keyboard", async () => {
    const page = await open(phone);
    expect((await boxOf(page.locator(".frame"))).height).toBe(844);
    const viewport = await page.locator("meta[name=viewport]").getAttribute("content");
    expect(viewport).toContain("interactive-widget=resizes-content");
    expect(viewport).toContain("viewport-fit=cover");
    expect(viewport).not.toMatch(/user-scalable|maximum-scale/u);
    await page.setViewportSize({ width: 390, height: 500 });
    const composer = await boxOf(page.locator("#composer"));
    expect(composer.y + composer.height).toBeLessThanOrEqual(500);
  });

  it("keeps clear of notch, corners and home bar", async () => {
    const page = await open(phone);
    await ask(page, "One?");
    await isComplete(page);
    const devtools = await page.context().newCDPSession(page);
    await devtools.send("Emulation.setSafeAreaInsetsOverride", {
      insets: { top: 47, bottom: 34, left: 30, right: 30 },
    });
    await until(async () => (await boxOf(page.locator("main header"))).y).toBe(47);
    const [composer, text, toggle] = await Promise.all([
      boxOf(page.locator("#composer")),
      boxOf(page.getByTestId("answer-text")),
      boxOf(page.getByTestId("list-toggle")),
    ]);
    expect(composer).toMatchObject({ x: 30, width: 390 - 60 });
    expect(composer.y + composer.height).toBe(844 - 34);
    expect(text).toMatchObject({ x: 30, width: 390 - 60 });
    expect(toggle.x).toBe(30);
    await page.getByTestId("list-toggle").click();
    await page.getByTestId("new-chat").waitFor();
    await until(async () => (await boxOf(page.getByTestId("settings"))).x).toBeGreaterThanOrEqual(30);
    const [first, last] = await Promise.all([boxOf(page.getByTestId("new-chat")), boxOf(page.getByTestId("settings"))]);
    expect(first.y).toBeGreaterThanOrEqual(47);
    expect(last.y + last.height).toBeLessThanOrEqual(844 - 34);
  });
});
