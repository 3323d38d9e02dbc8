/** For everybody: contrast, right-to-left writing, forced colours, the keyboard alone, fingers. */
import type { BrowserContextOptions, Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { openPageWorld } from "../page/page-world.ts";
import type { PageWorld } from "../page/page-world.ts";
import type { Script } from "../../dev/scripted-server.ts";
import { ask, boxOf, isComplete, lastAnswer, phone, styleOf, until } from "./acts.ts";

const code = `Words with \`code\` and a [link](https://example.com).[^1]

\`\`\`ts
/** A comment. */
export const x: number = f("text", 1) ?? null;
function f(this: Foo, parameter: string): boolean { return true; }
\`\`\`

\`\`\`diff
- taken
+ added
\`\`\`

> A quotation.

| a | b |
|---|---|
| 1 | 2 |

[^1]: A note.
`;

const mixed = `# مرحبا بالعالم

مرحبا، هذا نص عربي with English and 中文 inside.

English first, ثم نص عربي.

- שלום עולם
- English
- 中文列表

1. أولا
2. second

> اقتباس من كتاب

> A quotation

| اسم | رقم |
|---|---|
| واحد | ١ |

\`\`\`js
const greeting = "مرحبا";
\`\`\`
`;

let world: PageWorld;

beforeAll(async () => {
  world = await openPageWorld((text): Script => {
    if (text.includes("fail"))
      return { chunks: ["Kept."], delayMs: 0, end: { state: "failed", code: "provider-unavailable" } };
    if (text.includes("مرحبا")) return { chunks: [mixed], delayMs: 0 };
    const sources = [{ url: "/docs/x", title: "A source" }];
    return { chunks: [code], delayMs: 0, sources, reasoning: "First this." };
  });
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

type Colour = [red: number, green: number, blue: number];

interface Shown {
  what: string;
  over: Colour;
  under: Colour;
  /** The ratio that WCAG 2.2 AA wants. */
  least: number;
}

/** What is written or drawn in one colour, with what is painted behind it, of all that is shown. */
function readColours(page: Page): Promise<Shown[]> {
  return page.evaluate(() => {
    const canvas = new OffscreenCanvas(1, 1).getContext("2d", { willReadFrequently: true });
    const shown: Shown[] = [];
    /** Painted over one another by the browser itself, the lowest first. */
    const paint = (colours: string[]): Colour => {
      if (canvas === null) throw new Error("No canvas");
      for (const colour of colours) {
        canvas.fillStyle = colour;
        canvas.fillRect(0, 0, 1, 1);
      }
      const [red = 0, green = 0, blue = 0] = canvas.getImageData(0, 0, 1, 1).data;
      return [red, green, blue];
    };
    const note = (element: Element, colour: string, what: string, least: number): void => {
      const behind: string[] = [];
      for (let at: Element | null = element; at !== null; at = at.parentElement) {
        behind.unshift(getComputedStyle(at).backgroundColor);
      }
      shown.push({ what, least, over: paint(["white", ...behind, colour]), under: paint(["white", ...behind]) });
    };
    for (const element of document.querySelectorAll<HTMLElement>("body *")) {
      if (!element.checkVisibility({ opacityProperty: true, visibilityProperty: true })) continue;
      if (element.closest(".unseen, [inert]") !== null) continue;
      const { color } = getComputedStyle(element);
      const what = `${element.tagName.toLowerCase()}.${element.getAttribute("class") ?? ""}`;
      if ([...element.childNodes].some((node) => node instanceof Text && node.data.trim() !== "")) {
        note(element, color, what, 4.5);
      }
      if (element.matches("textarea, input[type=search]")) {
        note(element, getComputedStyle(element, "::placeholder").color, `${what}::placeholder`, 4.5);
      }
      if (element.matches("button svg, a svg, summary svg")) note(element, color, what, 3);
    }
    return shown;
  });
}

/** @see https://www.w3.org/TR/WCAG22/#dfn-relative-luminance */
function luminance(colour: Colour): number {
  const [red = 0, green = 0, blue = 0] = colour.map((part) => {
    const share = part / 255;
    return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
}

async function findFaintTexts(page: Page): Promise<string[]> {
  const shown = await readColours(page);
  expect(shown.length).toBeGreaterThan(8);
  const faint = shown.flatMap(({ what, over, under, least }) => {
    const [low = 0, high = 0] = [luminance(over), luminance(under)].toSorted((left, right) => left - right);
    const ratio = (high + 0.05) / (low + 0.05);
    return ratio < least ? [`${what}: ${ratio.toFixed(2)}`] : [];
  });
  return [...new Set(faint)];
}

describe("contrast", () => {
  it.each(["light", "dark"] as const)(
    "is enough for every text, code, placeholder and icon: %s",
    async (colorScheme) => {
      const page = await open({ colorScheme });
      await page.getByTestId("suggestion").first().waitFor();
      expect(await findFaintTexts(page)).toEqual([]);
      await ask(page, "One?");
      await isComplete(page);
      const colours = page.locator("[class^=tok-]");
      await colours.first().waitFor();
      for (const kind of ["comment", "keyword", "string-expression", "constant", "function"]) {
        await until(() => page.locator(`.tok-${kind}`).count()).toBeGreaterThan(0);
      }
      expect(await findFaintTexts(page)).toEqual([]);
      await ask(page, "fail");
      await lastAnswer(page, "failed").waitFor();
      expect(await findFaintTexts(page)).toEqual([]);
      await page.getByTestId("model-picker").first().click();
      await page.getByRole("menu").waitFor();
      await page.keyboard.press("ArrowDown");
      expect(await findFaintTexts(page)).toEqual([]);
      await page.keyboard.press("Escape");
      await page.getByTestId("settings").click();
      await page.getByTestId("settings-dialog").waitFor();
      expect(await findFaintTexts(page)).toEqual([]);
      // The colours that no sample has: each kind by itself, on the ground that code has.
      await page.getByTestId("dialog-close").click();
      await page
        .locator("pre code")
        .first()
        .evaluate((element) => {
          for (const kind of ["string", "parameter", "link", "inserted", "deleted", "changed"]) {
            const run = document.createElement("span");
            run.className = `tok-${kind}`;
            run.textContent = kind;
            element.append(run);
          }
        });
      expect(await findFaintTexts(page)).toEqual([]);
    },
  );
});

describe("writing from right to left", () => {
  it("is set by each block for itself, in lists, quotations and tables, and never in code", async () => {
    const page = await open();
    await ask(page, "مرحبا");
    await isComplete(page);
    expect(await styleOf(page.locator(".bubble"), "direction")).toEqual(["rtl"]);
    const directions = await page
      .getByTestId("answer-text")
      .evaluate((text) =>
        [...text.querySelectorAll("h1, section > p, li, blockquote, table, pre")].map(
          (element) => `${element.tagName.toLowerCase()} ${getComputedStyle(element).direction}`,
        ),
      );
    expect(directions).toEqual([
      "h1 rtl",
      "p rtl",
      "p ltr",
      "li rtl",
      "li ltr",
      "li ltr",
      "li rtl",
      "li ltr",
      "blockquote rtl",
      "blockquote ltr",
      "table rtl",
      "pre ltr",
    ]);
    const text = await boxOf(page.getByTestId("answer-text"));
    // The first column stands at the right, and its words begin there.
    const [first, second] = await Promise.all([0, 1].map((index) => boxOf(page.locator("th").nth(index))));
    expect(first?.x).toBeGreaterThan(second?.x ?? Number.NaN);
    const quotation = page.locator("blockquote").first();
    expect(await styleOf(quotation, "border-right-width", "border-left-width")).toEqual(["3px", "0px"]);
    expect((await boxOf(quotation)).width).toBe(text.width);
  });

  it("is also what the composer does while it is written", async () => {
    const page = await open();
    const field = page.getByTestId("composer-input");
    await field.fill("مرحبا");
    expect(await styleOf(field, "direction")).toEqual(["rtl"]);
    await field.fill("Hello");
    expect(await styleOf(field, "direction")).toEqual(["ltr"]);
  });
});

describe("forced colours", () => {
  it("leave an edge to what is told apart by its tint, and the caret and dot to be seen", async () => {
    const page = await open({ forcedColors: "active" });
    await page.route("**/api/chat", () => undefined);
    await ask(page, "One?");
    const dot = page.locator(".waiting");
    await dot.waitFor();
    const ground = await styleOf(page.locator("html"), "background-color");
    expect(await styleOf(dot, "background-color")).not.toEqual(ground);
    expect(await styleOf(page.locator(".bubble"), "outline-style", "outline-width")).toEqual(["solid", "1px"]);
    await page.getByTestId("model-picker").click();
    await page.keyboard.press("ArrowDown");
    const chosen = page.locator(".menu-item[data-highlighted]");
    expect(await styleOf(chosen, "outline-style", "outline-width")).toEqual(["solid", "2px"]);
    expect(await styleOf(chosen, "outline-color")).not.toEqual(["rgba(0, 0, 0, 0)"]);
    await page.keyboard.press("Escape");
    await page.getByTestId("settings").click();
    const theme = page.getByTestId("theme-system").locator("span");
    expect(await styleOf(theme, "outline-style", "outline-width")).toEqual(["solid", "2px"]);
  });
});

describe("the keyboard alone", () => {
  it("comes to everything in the order in which it is read", async () => {
    const page = await open();
    await ask(page, "One?");
    await isComplete(page);
    await page.getByTestId("conversation-item").waitFor();
    await page.evaluate(() => (document.activeElement as HTMLElement).blur());
    const reached: string[] = [];
    for (let tab = 0; tab < 60; tab += 1) {
      await page.keyboard.press("Tab");
      const name = await page.evaluate(() => {
        const element = document.activeElement as HTMLElement;
        if (element === document.body) return null;
        const outline = getComputedStyle(element);
        const shown = outline.outlineStyle !== "none" || element.matches("textarea, input");
        const own = element.dataset["testid"] ?? element.className.split(" ")[0] ?? "";
        return `${own === "" ? element.tagName.toLowerCase() : own}${shown ? "" : " without a ring"}`;
      });
      // After the last thing on the page comes the browser's own bar, then the first.
      if (name !== null) reached.push(name);
    }
    expect(reached.filter((name) => name.endsWith("without a ring"))).toEqual([]);
    const order = [
      "new-chat",
      "conversation-menu",
      "settings",
      "model-picker",
      "wire-toggle",
      "transcript",
      "code-copy",
    ];
    const places = [...order, "try-again", "composer-input"].map((name) => reached.indexOf(name));
    expect(places, reached.join()).not.toContain(-1);
    expect(places, reached.join()).toEqual(places.toSorted((left, right) => left - right));
  });

  it("is held by a dialog, and comes back to where it was opened from", async () => {
    const page = await open();
    const focused = (): Promise<string | undefined> =>
      page.evaluate(() => (document.activeElement as HTMLElement).dataset["testid"]);
    await page.getByTestId("settings").focus();
    await page.keyboard.press("Enter");
    await page.getByTestId("settings-dialog").waitFor();
    for (let tab = 0; tab < 14; tab += 1) {
      await page.keyboard.press("Tab");
      // The browser's own bar is the only other stop.
      const inside = await page.evaluate(
        () => document.activeElement === document.body || document.activeElement?.closest("dialog") !== null,
      );
      expect(inside).toBe(true);
    }
    await page.keyboard.press("Escape");
    await page.getByTestId("settings-dialog").waitFor({ state: "detached" });
    await until(focused).toBe("settings");
    await page.getByTestId("model-picker").focus();
    await page.keyboard.press("Enter");
    await page.getByRole("menu").waitFor();
    await page.keyboard.press("ArrowDown");
    expect(await page.evaluate(() => document.activeElement?.getAttribute("role"))).toBe("menuitemradio");
    await page.keyboard.press("Escape");
    await until(focused).toBe("model-picker");
  });

  it("is held by the wire view where it covers the page, and comes back", async () => {
    const page = await open(phone);
    const focused = (): Promise<string | undefined> =>
      page.evaluate(() => (document.activeElement as HTMLElement).dataset["testid"]);
    await page.getByTestId("wire-toggle").focus();
    await page.keyboard.press("Enter");
    await until(focused).toBe("wire-close");
    for (let tab = 0; tab < 8; tab += 1) {
      await page.keyboard.press("Tab");
      expect(await page.evaluate(() => document.activeElement?.closest("main"))).toBeNull();
    }
    await page.getByTestId("wire-close").focus();
    await page.keyboard.press("Escape");
    await until(focused).toBe("wire-toggle");
  });
});

/** Of what can be touched, what is smaller than 44 px around its middle. Links in running text are as their words. */
function findSmallTargets(page: Page): Promise<string[]> {
  return page.evaluate(() => {
    const small: string[] = [];
    for (const target of document.querySelectorAll<HTMLElement>("button, a, summary, input, [role^=menuitem], label")) {
      if (target.closest(".unseen, .veil, [inert]") !== null || target.matches(":disabled")) continue;
      if (target.matches("p a, li a, h1 a") && target.closest(".answer") !== null) continue;
      target.scrollIntoView({ block: "center" });
      const { x, y, width, height } = target.getBoundingClientRect();
      if (width === 0 || !target.checkVisibility({ visibilityProperty: true })) continue;
      const [middleX, middleY] = [x + width / 2, y + height / 2];
      const hits = [
        [0, 0],
        [-21, 0],
        [21, 0],
        [0, -21],
        [0, 21],
      ].map(([byX = 0, byY = 0]) => document.elementFromPoint(middleX + byX, middleY + byY));
      const isHit = hits.every((hit) => target.contains(hit) || hit?.closest("label")?.contains(target) === true);
      if (!isHit)
        small.push(`${target.tagName.toLowerCase()}.${target.className} ${Math.round(width)}x${Math.round(height)}`);
    }
    return [...new Set(small)];
  });
}

describe("a finger", () => {
  it("meets 44 px everywhere, and nothing waits for a pointer that hovers", async () => {
    const page = await open(phone);
    await page.getByTestId("suggestion").first().waitFor();
    expect(await findSmallTargets(page)).toEqual([]);
    await ask(page, "One?");
    await isComplete(page);
    expect(await findSmallTargets(page)).toEqual([]);
    await ask(page, "fail");
    await lastAnswer(page, "failed").waitFor();
    expect(await findSmallTargets(page)).toEqual([]);
    const hidden = await page
      .locator("main button, main a")
      .evaluateAll((elements) =>
        elements
          .filter((element) => !element.checkVisibility({ opacityProperty: true }))
          .map(({ outerHTML }) => outerHTML),
      );
    expect(hidden).toEqual([]);
    await page.getByTestId("list-toggle").tap();
    await page.getByTestId("new-chat").waitFor();
    await until(async () => (await boxOf(page.locator("aside"))).x).toBe(0);
    expect(await findSmallTargets(page)).toEqual([]);
    await page.getByTestId("conversation-menu").first().tap();
    await page.getByRole("menu").waitFor();
    const items = await page.locator("[role=menuitem]").evaluateAll((all) => all.map((item) => item.clientHeight));
    expect(Math.min(...items)).toBeGreaterThanOrEqual(44);
  });
});
