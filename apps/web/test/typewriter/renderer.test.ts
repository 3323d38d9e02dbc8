import { openChromium } from "@typebar/testing";
import * as fc from "fast-check";
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { tests as specExamples } from "commonmark-spec";
import { openBundle } from "./bundle.ts";
import { corpus, longTexts } from "./corpus.ts";
import type { Harness } from "./harness.ts";

declare const harness: Harness;

let browser: Browser;
let page: Page;

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

  it.each([
    ["emphasis", "A **bold** and *it* and ~~no~~ `code` end"],
    ["a link", 'See [docs](https://a.example/x "T") now'],
    ["an image", "A ![cat](https://p.example/c.png) x"],
    ["a heading", "# Title\n\n## Two\n\ntext"],
    ["a table", "| A | B |\n|---|:-:|\n| 1 | **2** |\n"],
    ["a list", "- one\n- **two** x\n\n1. a\n2. b"],
    ["Chinese", "你好，**世界**。[链接](https://a.example/)"],
  ])("shows no raw markers of %s", async (_name, text) => {
    const shown = await page.evaluate((source) => harness.shownOnTheWay(source), text);
    expect(shown.filter((step) => /[*~`|#[\]()]|https?:/u.test(step))).toEqual([]);
  });

  it("links a word that is defined only later", async () => {
    const html = await page.evaluate(
      (text) => harness.streamed(text, 1),
      "See [later].\n\nMore.\n\n[later]: https://l.example\n",
    );
    expect(html).toContain('<a href="https://l.example" target="_blank" rel="noopener noreferrer">later</a>');
  });
});

describe("what an answer may not do", () => {
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
