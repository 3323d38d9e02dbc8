/** What axe-core finds on the page: nothing, in whatever state it is. */
import { findAxeViolations } from "@typebar/testing";
import type { Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import type { Script } from "../../dev/scripted-server.ts";
import { openPageWorld } from "../page/page-world.ts";
import type { PageWorld } from "../page/page-world.ts";
import { ask, isComplete, lastAnswer, phone, until } from "./acts.ts";
import { createSteeredAnswer } from "./steered-answer.ts";
import type { SteeredAnswer } from "./steered-answer.ts";

const everything = `#### A low heading

# Title

Words, **bold**, a [link](https://example.com), \`code\`, $x^2$.[^1]

- [x] done
- [ ] to do

> A quotation.

\`\`\`ts
/** A comment. */
export const x: number = f("text", 1) ?? null;
\`\`\`

| a | b |
|---|--:|
| 1 | 2 |

$$
\\sum_{i=1}^{n} i
$$

![picture](https://example.com/a.png)

[^1]: A note.
`;

let world: PageWorld;
let answer: SteeredAnswer;

beforeAll(async () => {
  world = await openPageWorld((text): Script => {
    if (text.includes("fail"))
      return { chunks: [everything], delayMs: 0, end: { state: "failed", code: "provider-unavailable" } };
    if (text.includes("steered")) return { chunks: answer.chunks, delayMs: 0 };
    const sources = [{ url: "/docs/x", title: "A source" }];
    return {
      chunks: [everything],
      delayMs: 0,
      sources,
      reasoning: "First this.",
      tool: { name: "f", input: { a: 1 } },
    };
  });
});
afterAll(() => world.close());
afterEach(async () => {
  const complaints = [...world.complaints];
  await world.reset();
  expect(complaints).toEqual([]);
});

async function isClean(page: Page, where: string): Promise<void> {
  // What fades in is judged when it is there.
  const moving = (): Promise<number> =>
    page.evaluate(
      () => document.getAnimations().filter(({ effect }) => effect?.getTiming().iterations !== Infinity).length,
    );
  await until(moving).toBe(0);
  expect(await findAxeViolations(page), where).toEqual([]);
}

const looks = [
  { name: "light", options: {} },
  { name: "dark", options: { colorScheme: "dark" } },
  { name: "Chinese on a phone", options: { ...phone, locale: "zh-CN" } },
  { name: "dark on a phone", options: { ...phone, colorScheme: "dark" } },
] as const;

describe.each(looks)("axe finds nothing: $name", ({ options }) => {
  async function open(): Promise<Page> {
    answer = createSteeredAnswer();
    return world.openPage(await world.openContext(options));
  }

  it("on the empty page, in its list, menus and dialogs", async () => {
    const page = await open();
    await page.getByTestId("suggestion").first().waitFor();
    await isClean(page, "empty");
    await ask(page, "One?");
    await isComplete(page);
    await page.getByTestId("model-picker").first().click();
    await page.getByRole("menu").waitFor();
    await isClean(page, "models");
    await page.keyboard.press("Escape");
    if ("isMobile" in options) {
      await page.getByTestId("list-toggle").click();
      await page.getByTestId("new-chat").waitFor();
      await isClean(page, "drawer");
    }
    const list = page.locator("aside");
    await list.getByTestId("conversation-item").first().hover();
    await list.getByTestId("conversation-menu").first().click();
    await page.getByRole("menu").waitFor();
    await isClean(page, "menu of a conversation");
    await page.keyboard.press("Escape");
    await page.getByTestId("settings").click();
    await page.getByTestId("settings-dialog").waitFor();
    await isClean(page, "settings");
    await page.getByTestId("show-shortcuts").click();
    await page.getByTestId("shortcut-sheet").waitFor();
    await isClean(page, "shortcuts");
  });

  it("on a conversation with all that an answer may hold, from its top to its end", async () => {
    const page = await open();
    await ask(page, "One?");
    await isComplete(page);
    await page.locator(".katex-display").waitFor({ state: "attached" });
    await page.locator("[class^=tok-]").first().waitFor({ state: "attached" });
    await isClean(page, "end");
    await page.getByTestId("transcript").evaluate((element) => (element.scrollTop = 0));
    await page.getByTestId("to-end").waitFor();
    await isClean(page, "top");
    await page.getByTestId("reasoning").locator("summary").click();
    await page.getByTestId("tool-call").locator("summary").click();
    await isClean(page, "unfolded");
    await page.getByTestId("wire-toggle").click();
    await page.getByTestId("wire-row").first().waitFor();
    await isClean(page, "wire");
  });

  it("while an answer comes, when the connection is lost, and when it failed", async () => {
    const page = await open();
    await ask(page, "steered");
    await page.locator(".waiting").waitFor();
    await isClean(page, "waiting");
    answer.say(everything);
    await page.getByTestId("answer-text").getByText("A quotation.").waitFor();
    await isClean(page, "streaming");
    world.server.down = true;
    await page.getByTestId("reconnecting").waitFor();
    await isClean(page, "reconnecting");
    world.server.down = false;
    answer.end();
    await isComplete(page);
    await ask(page, "fail");
    await lastAnswer(page, "failed").waitFor();
    await isClean(page, "failed");
  });
});
