/** Markdown that means harm, streamed through the renderer in a real browser under the page's real security policy. */
import { canaryPlace, hostileMarkdown, markdownFloods, openChromium } from "@typebar/testing";
import * as fc from "fast-check";
import { createServer } from "node:http";
import type { Server } from "node:http";
import type { Browser, Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import type { Harness } from "./harness.ts";
import { startHostilePage } from "./hostile-page.ts";
import type { HostilePage } from "./hostile-page.ts";

declare const harness: Harness;
declare global {
  var scriptsRun: number;
  var violations: string[];
}

let browser: Browser;
let hostile: HostilePage;
let canary: Server;
let page: Page;
/** Requests that left, wherever they went. */
const left: string[] = [];
let dialogs = 0;

beforeAll(async () => {
  [browser, hostile] = await Promise.all([openChromium(), startHostilePage()]);
  canary = createServer((request, response) => {
    left.push(`canary: ${request.url}`);
    response.end();
  });
  await new Promise<void>((resolve) => {
    canary.listen(0, "127.0.0.1", resolve);
  });
  page = await browser.newPage();
  page.on("request", (request) => {
    if (!request.url().startsWith(hostile.url)) left.push(request.url());
  });
  page.on("dialog", (dialog) => {
    dialogs += 1;
    void dialog.dismiss();
  });
  await page.addInitScript(() => {
    globalThis.scriptsRun = 0;
    globalThis.violations = [];
    Object.assign(globalThis, { pwned: () => (globalThis.scriptsRun += 1) });
    document.addEventListener("securitypolicyviolation", ({ blockedURI, violatedDirective }) =>
      globalThis.violations.push(`${violatedDirective} ${blockedURI}`),
    );
  });
  await page.goto(hostile.url);
  await page.waitForFunction(() => "harness" in globalThis);
  await page.evaluate(() => harness.setFormulas());
});
afterAll(async () => {
  canary.close();
  await browser.close();
  await hostile.close();
});
afterEach(async () => {
  const seen = await page.evaluate(() => ({ scripts: globalThis.scriptsRun, violations: globalThis.violations }));
  expect({ ...seen, left, dialogs, url: page.url() }).toEqual({
    scripts: 0,
    violations: [],
    left: [],
    dialogs: 0,
    url: `${hostile.url}/`,
  });
});

/** With the address of a server that is really there, and counts. */
function armed(text: string): string {
  const address = canary.address();
  return text.replaceAll(canaryPlace, `http://127.0.0.1:${typeof address === "object" ? address?.port : 0}`);
}

const cases = Object.entries(hostileMarkdown);
/** Nothing else may ever stand in an answer. */
const innocent =
  /^(?:A|ANNOTATION|BLOCKQUOTE|BR|BUTTON|CODE|DIV|EM|FIGCAPTION|FIGURE|H[1-6]|HR|INPUT|LI|OL|P|PATH|PRE|S|SECTION|SPAN|STRONG|SUP|SVG|TABLE|TBODY|TD|TH|THEAD|TR|UL|MATH|M[A-Z]+|SEMANTICS)$/u;

describe("hostile text", () => {
  it.each(cases)("%s: no script, no request, and the whole at the end, cut at every offset", async (_name, text) => {
    expect(await page.evaluate((source) => harness.differingCuts(source), armed(text))).toEqual([]);
    const ends = Array.from({ length: text.length }, (_, index) => index + 1);
    expect(await page.evaluate(([source, at]) => harness.showStreamed(source, at), [armed(text), ends] as const)).toBe(
      true,
    );
  });

  it.each(cases)("%s: makes none but harmless elements", async (_name, text) => {
    await page.evaluate((source) => harness.showStreamed(source, []), armed(text));
    const made = await page.evaluate(() =>
      Array.from(document.body.querySelectorAll("*"), (element) => ({
        name: element.tagName.toUpperCase(),
        handlers: element
          .getAttributeNames()
          .filter(
            (name) =>
              name.startsWith("on") || /^(?:src|srcset|srcdoc|id|name|action|formaction|xlink:href)$/u.test(name),
          ),
        href: element.getAttribute("href") ?? "",
      })),
    );
    for (const { name, handlers, href } of made) {
      expect(name).toMatch(innocent);
      expect(handlers).toEqual([]);
      expect(href).toMatch(/^(?:$|https?:\/\/|mailto:)/iu);
    }
  });
});

describe("a flood", () => {
  const seed = 20261122;
  const floods = Object.entries(markdownFloods);

  it.each(floods)("of 3 KB, %s: the whole at the end, in three steps each of its own", async (_name, flood) => {
    const text = flood(3000);
    const steps = fc.sample(fc.integer({ min: 1, max: 400 }), { numRuns: 3, seed });
    const differing = await page.evaluate(
      ([source, sizes]) => sizes.filter((size) => harness.streamed(source, size) !== harness.whole(source)),
      [text, steps] as const,
    );
    expect(differing).toEqual([]);
  });

  it.each(floods)("of 40 KB, %s: what is done for a delta has a bound", async (_name, flood) => {
    const { read, changed, elements } = await page.evaluate((source) => harness.work(source, 100), flood(40_000));
    expect(read).toBeLessThan(9000);
    expect(changed).toBeLessThan(1500);
    expect(elements).toBeLessThan(120_000);
  });

  it.each(["opening brackets", "asterisks", "quotations", "backticks"])(
    "of 1 MB, %s: stands there in the end, as if it had come at once",
    async (name) => {
      const text = markdownFloods[name]?.(1_000_000) ?? "";
      const cuts = fc.sample(fc.integer({ min: 1, max: text.length - 1 }), { numRuns: 5, seed }).sort((a, b) => a - b);
      expect(await page.evaluate(([source, at]) => harness.showStreamed(source, at), [text, cuts] as const)).toBe(true);
    },
    120_000,
  );
});
