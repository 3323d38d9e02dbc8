/** What axe-core, the checker of accessibility, finds wrong with a page. Called by the browser tests. */
import axe from "axe-core";
import type { Page } from "playwright-core";

/**
 * Every rule that axe-core has for the page as it stands, best practices included.
 * @returns one line for each element that breaks a rule; none is as it should be.
 */
export async function findAxeViolations(page: Page): Promise<string[]> {
  // Through the debugger, as a content policy would refuse a script element.
  await page.evaluate(axe.source);
  return page.evaluate(async () => {
    const { axe: inPage } = globalThis as unknown as { axe: typeof axe };
    const { violations } = await inPage.run(document, { resultTypes: ["violations"] });
    return violations.flatMap(({ id, nodes }) =>
      nodes.map(({ target, failureSummary }) => `${id}: ${target.join(" ")}: ${failureSummary ?? ""}`),
    );
  });
}
