import { openChromium } from "@typebar/testing";
import * as fc from "fast-check";
import { join } from "node:path";
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { tests as specExamples } from "commonmark-spec";
import { openBundle } from "./bundle.ts";
import { corpus, longTexts } from "./corpus.ts";
import { documents as answers } from "./documents.ts";
import type { Harness } from "./harness.ts";
import { markedTexts, unknowable } from "./marked-texts.ts";

declare const harness: Harness;

let browser: Browser;
let page: Page;

const words = (index: number): string => "words ".repeat(index % 30);
const many = (count: number, make: (index: number) => string): string =>
  Array.from({ length: count }, (_, index) => make(index)).join("");

beforeAll(async () => {
  browser = await openChromium();
  page = await openBundle(browser, "harness.ts");
});
afterAll(() => browser.close());

const documents = Object.entries(corpus);
const whole = documents.map(([, text]) => text).join("\n\n");

describe("nothing moves when the stream ends", () => {
  it.each(documents)("%s: cut once at every offset, the end equals the whole", async (_name, text) => {
    expect(await page.evaluate((source) => harness.differingCuts(source), text)).toEqual([]);
  });

  it.each(documents)("%s: ended at every offset, it equals that part rendered at once", async (_name, text) => {
    expect(await page.evaluate((source) => harness.differingEnds(source), text)).toEqual([]);
  });

  it.each([1, 2, 3, 7, 50])("all documents in one, in steps of %i characters", async (step) => {
    const [streamed, once] = await page.evaluate(
      ([source, size]) => [harness.streamed(source, size), harness.whole(source)] as const,
      [whole, step] as const,
    );
    expect(streamed).toBe(once);
  });
});

describe("nothing moves in an answer as they are written", () => {
  const found = Object.entries(answers);

  it.each(found)("%s: cut once at every offset, the end equals the whole", async (_name, text) => {
    expect(await page.evaluate((source) => harness.differingCuts(source), text)).toEqual([]);
  });

  it.each(found)("%s: by grapheme clusters, as the pacer shows it", async (_name, text) => {
    const segments = new Intl.Segmenter(undefined, { granularity: "grapheme" }).segment(text);
    const ends = Array.from(segments, ({ index, segment }) => index + segment.length);
    expect(await page.evaluate(([source, at]) => harness.showStreamed(source, at), [text, ends] as const)).toBe(true);
  });
});

describe("nothing moves in the examples of the standard", () => {
  const sections = Map.groupBy(specExamples, ({ section }) => section);

  it.each([...sections])("%s", async (_section, examples) => {
    const texts = examples.map(({ markdown }) => markdown.replaceAll("→", "\t"));
    const differing = await page.evaluate(
      (sources) =>
        sources.filter(
          (source) => harness.differingCuts(source).length > 0 || harness.differingEnds(source).length > 0,
        ),
      texts,
    );
    expect(differing).toEqual([]);
  });
});

describe("nothing moves in a long text", () => {
  const random = fc.sample(fc.integer({ min: 1, max: 400 }), { numRuns: 6, seed: 20261122 });

  it.each(Object.entries(longTexts))("%s", async (_name, text) => {
    const differing = await page.evaluate(
      ([source, steps]) => steps.filter((step) => harness.streamed(source, step) !== harness.whole(source)),
      [text, [4, ...random]] as const,
    );
    expect(differing).toEqual([]);
  });
});

describe("nothing moves, whatever the text", () => {
  const pieces = fc.constantFrom(
    ..."- |\n|\n\n|  |    |1. |> |```\n|```js\n|~~~\n|**|*|_|`|[a]|(https://x.example)|[a]: https://r.example\n|===\n|---\n|# |\t|你好|text|\\|![|<|&amp;|  \n".split(
      "|",
    ),
    "| a | b |\n",
    "|--|--|\n",
    "|",
  );

  it("equals the whole in every step size, for texts made of markers", async () => {
    const texts = fc.sample(
      fc.array(pieces, { maxLength: 25 }).map((parts) => parts.join("")),
      { numRuns: 1500, seed: 20261122 },
    );
    const differing = await page.evaluate(
      (sources) =>
        sources.filter((source) => [1, 4].some((step) => harness.streamed(source, step) !== harness.whole(source))),
      texts,
    );
    expect(differing).toEqual([]);
  });
});

describe("what stands on the page while text arrives", () => {
  it("keeps the nodes of closed blocks and the text node that grows", async () => {
    const kept = await page.evaluate(
      (rest) => harness.keepsNodes("A first paragraph", `, that goes on.\n\n${rest}`),
      whole,
    );
    expect(kept).toBe(true);
  });

  it("keeps what is selected in the paragraph that grows", async () => {
    expect(await page.evaluate(() => harness.selectedAfter("Hello wor", "ld, and **more** of it.\n\nNext."))).toBe(
      "Hello",
    );
  });

  it.each(markedTexts)("shows no raw marks, typed by the character: %s", async (_name, text, marks) => {
    const shown = await page.evaluate((source) => harness.shownOnTheWay(source), text);
    expect(shown.filter((step) => marks.test(step))).toEqual([]);
    expect(shown.at(-1)).not.toBe("");
  });

  it.each(unknowable)("shows as text what may be text: %s", async (_why, text, marks, expected) => {
    const shown = await page.evaluate((source) => harness.shownOnTheWay(source), text);
    expect([...new Set(shown.filter((step) => marks.test(step)))]).toEqual(expected);
  });

  it("has a diagram drawn when its block is closed, and not before", async () => {
    const drawn = await page.evaluate((text) => harness.drawnOnTheWay(text), "```mermaid\npie\n```\n\nEnd");
    expect(new Set(drawn.slice(0, "```mermaid\npie\n```".length))).toEqual(new Set([""]));
    expect(new Set(drawn.slice("```mermaid\npie\n```".length))).toEqual(new Set(["pie"]));
  });

  it("links a word that is defined only later", async () => {
    const html = await page.evaluate(
      (text) => harness.streamed(text, 1),
      "See [later].\n\nMore.\n\n[later]: https://l.example\n",
    );
    expect(html).toContain('<a href="https://l.example" target="_blank" rel="noopener noreferrer">later</a>');
  });
});

describe("what a browser passes over", () => {
  let styled: Page;
  beforeAll(async () => {
    styled = await openBundle(browser, "harness.ts");
    const styles = join(import.meta.dirname, "../../src/styles");
    for (const name of ["base.css", "answer.css"]) await styled.addStyleTag({ path: join(styles, name) });
  });

  it.each([
    ["blocks", many(90, (index) => `## Heading\n\nText of ${words(index)}\n\n- an item\n\n`)],
    ["a list", many(900, (index) => `${index + 1}. item ${words(index)}\n`)],
    ["a table", `${"|a".repeat(40)}|\n${"|-".repeat(40)}|\n${many(700, () => `${"|b".repeat(40)}|\n`)}`],
    ["a quotation", many(60, (index) => `> Text of ${words(index)}\n>\n`)],
    ["an item", `- First\n${many(60, (index) => `\n  Text of ${words(index)}\n`)}`],
    ["a paragraph", "Some *words* of `it`, and more. ".repeat(3000)],
  ])("has the size that it had: %s", async (_name, text) => {
    const { shrank, passedOver, shown, laidOut } = await styled.evaluate((source) => harness.heights(source), text);
    expect(passedOver).toBeGreaterThan(0);
    expect(shown).toBe(laidOut);
    expect(shrank).toBe(0);
  });
});

describe("what is read again", () => {
  const oneItem = "A word, **another** one.\n";
  it.each([
    ["one list", Array.from({ length: 1500 }, (_, index) => `- item ${index} of **many**\n`).join("")],
    ["one quotation", `> ${oneItem}>\n`.repeat(1000)],
    ["one table", `| a | b |\n|--|--|\n${"| **x** | y of it |\n".repeat(1000)}`],
    ["one listing", `\`\`\`js\n${"const a = 1;\n".repeat(2000)}\`\`\`\n`],
    ["many paragraphs", `${oneItem}\n`.repeat(1000)],
    ["links that are defined at the end", `${"See [a].\n\n".repeat(500)}[a]: https://a.example\n`],
  ])("is only what is open: %s", async (_name, text) => {
    expect(await page.evaluate((source) => harness.timesRead(source, 4), text)).toBeLessThan(8);
  });

  it("is none of the blocks that are final, however often the text grows", async () => {
    expect(await page.evaluate(() => harness.looksAtFinalBlocks(500, 100))).toBe(1);
  });

  it("is a bounded part of a paragraph that has no end", async () => {
    const text = "Some *words* of it, ".repeat(2500);
    const [tenth, all] = await page.evaluate(
      (source) => [harness.timesRead(source.slice(0, 5000), 50), harness.timesRead(source, 50)] as const,
      text,
    );
    expect(all).toBeLessThan(tenth * 2);
  });

  it("is nothing of a paragraph to which plain words come", async () => {
    const text = "plain words that go on and on ".repeat(100);
    expect(await page.evaluate((source) => harness.timesRead(source, 5), text)).toBeLessThan(2.5);
  });
});

describe("what can be written", () => {
  it.each([
    [
      "- [x] done",
      '<li dir="auto"><p><input type="checkbox" disabled="" class="task" checked="" aria-label="Task">done</p></li>',
    ],
    ["~~gone~~", "<s>gone</s>"],
    [
      "www.example.com/a.",
      'href="https://www.example.com/a" target="_blank" rel="noopener noreferrer">www.example.com/a</a>.',
    ],
    ["me@mail.example", 'href="mailto:me@mail.example"'],
    ["README.md", '<p dir="auto">README.md</p>'],
    ["said[^1]", 'said<sup><button type="button" class="footnote-mark" data-footnote="1">1</button></sup>'],
    ["a set [^abc]", "a set [^abc]"],
    ["[^abc]: text\n\nsaid[^abc]", 'data-footnote="abc"'],
    ["so $x^2$.", '<span class="formula" dir="ltr">x^2</span>.'],
    ["\\(y\\) \\[z\\]", '<span class="formula" dir="ltr">y</span> <span class="formula display" dir="ltr">z</span>'],
    ["[a $x$ b] $c", '[a <span class="formula" dir="ltr">x</span> b] $c'],
    ["$5 and $10", "$5 and $10"],
    ["$$\nx\n$$", '<div class="formula-block"><span class="formula display" dir="ltr">x</span></div>'],
  ])("%j", async (text, html) => {
    expect(await page.evaluate((source) => harness.streamed(source, 1), text)).toContain(html);
  });

  it.each([
    ["#### a\n\n## b\n\n### c\n\n##### d\n\n# e\n\n#### f\n", "4:3 2:3 3:4 5:5 1:3 4:4"],
    ["a\n---\n\n> ### b\n\nc\n===\n", "2:3 3:4 1:3"],
    ["a\n-\n\n- b\n- # c\n", "2:3 1:3"],
  ])("has headings that leave no level out under the message's: %j", async (text, levels) => {
    const html = await page.evaluate((source) => harness.streamed(source, 1), text);
    const found = html.matchAll(/<h(\d)[^>]* aria-level="(\d)"/gu);
    expect(Array.from(found, ([, level, told]) => `${level}:${told}`).join(" ")).toBe(levels);
  });

  it("stands in sections of four blocks, of which those that are complete need not be laid out", async () => {
    const html = await page.evaluate((source) => harness.streamed(source, 3), "text\n\n".repeat(11));
    expect(
      html.match(/<section[^>]*>(?:<p dir="auto">text<\/p>)*/gu)?.map((section) => section.split("<p").length - 1),
    ).toEqual([4, 4, 3]);
    expect(html.match(/<section[^>]*>/gu)).toEqual(['<section class="finished">', "<section>", "<section>"]);
  });

  it("stands in chapters of eight sections, of which those that are complete need not be looked into", async () => {
    const html = await page.evaluate((source) => harness.streamed(source, 3), "text\n\n".repeat(70));
    expect(html.match(/<div class="chapter[^>]*>/gu)).toEqual([
      '<div class="chapter finished">',
      '<div class="chapter">',
      '<div class="chapter">',
    ]);
  });
});

describe("what an answer may not do", () => {
  it("draw diagrams anywhere but in a frame that runs scripts and has no origin", async () => {
    expect(await page.evaluate(() => harness.frameOfDiagram())).toEqual({
      sandbox: "allow-scripts",
      allow: null,
      srcdoc: null,
      src: "/diagram/index.html",
    });
  });

  it.each([
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "[x](javascript:alert(1))",
    "[x](data:text/html;base64,PHNjcmlwdD4=)",
    "[x](vbscript:x)",
    "![x](javascript:alert(1))",
    "![x](https://evil.example/pixel.png)",
    "<javascript:alert(1)>",
    '[x](https://a.example/" onmouseover="alert(1))',
    "| a |\n|:-:|\n| <b style=color:red> |",
  ])("%s", async (text) => {
    const html = await page.evaluate((source) => harness.streamed(source, 1), text);
    expect(html).not.toMatch(/<(?:script|img|style|iframe|svg)|<[^>]*\s(?:on\w+|style)=|href="(?!https:\/\/)/iu);
  });
});
