/** Find-in-page: words in parts of an answer that are far out of sight, and need not be laid out, are found. */
import { afterAll, beforeAll, expect, it } from "vitest";
import { openPageWorld } from "./page-world.ts";
import type { PageWorld } from "./page-world.ts";

const paragraphs = Array.from(
  { length: 400 },
  (_, index) => `Paragraph number ${index} of this answer, with the word needle${index} in it.`,
);
let world: PageWorld;

beforeAll(async () => {
  world = await openPageWorld(() => ({ chunks: paragraphs.map((text) => `${text}\n\n`), delayMs: 1 }));
});
afterAll(() => world.close());

it("finds words in sections that are out of sight", async () => {
  const page = await world.openPage(await world.openContext());
  await page.getByTestId("composer-input").fill("long");
  await page.getByTestId("composer-input").press("Enter");
  await page.locator('[data-testid="message-assistant"][data-state="completed"]').waitFor();
  const skipped = await page.evaluate(
    () =>
      Array.from(document.querySelectorAll<HTMLElement>(".answer section.finished p")).filter(
        (paragraph) => !paragraph.checkVisibility({ contentVisibilityAuto: true }),
      ).length,
  );
  expect(skipped).toBeGreaterThan(200);
  for (const index of [3, 180, 390]) {
    const found = await page.evaluate((word) => {
      getSelection()?.removeAllRanges();
      // What Ctrl+F does, for a script; its types do not know it.
      const { find } = globalThis as unknown as {
        find(text: string, exact: boolean, back: boolean, wrap: boolean): boolean;
      };
      return [find(word, true, false, true), getSelection()?.toString()];
    }, `needle${index} `);
    expect(found).toEqual([true, `needle${index} `]);
  }
});
