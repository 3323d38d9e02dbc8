/** The documentation the guide reads: both languages page for page, every code explained. */
import { readdir, readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { readPages } from "../../src/guide/pages.ts";
import { toSections } from "../../src/guide/sections.ts";
import { generationErrorCodes, problemCodes } from "../../src/protocol.ts";

const docsDir = fileURLToPath(new URL("../../../../docs", import.meta.url));

/** The `### code` headings below each of the page's `##` headings. */
async function codesByGroup(name: string): Promise<string[][]> {
  const markdown = await readFile(`${docsDir}/${name}`, "utf8");
  const groups = markdown.split(/^## .+$/mu).slice(1);
  return groups.map((group) => Array.from(group.matchAll(/^### (.+)$/gmu), ([, code]) => code ?? ""));
}

describe("the documentation", () => {
  it.each(["errors.md", "errors.zh-CN.md"])("explains every error code in %s, and no other", async (name) => {
    expect(await codesByGroup(name)).toEqual([[...problemCodes], [...generationErrorCodes]]);
  });

  it("has the same pages in both languages, with as many sections, table rows and code blocks", async () => {
    const [english, chinese] = await Promise.all([readdir(`${docsDir}/en`), readdir(`${docsDir}/zh-CN`)]);
    expect(chinese.toSorted()).toEqual(english.toSorted());
    const pages = new Map((await readPages(docsDir)).map((page) => [page.path, page]));
    const shape = (path: string): Record<string, number> => {
      const page = pages.get(path);
      const lines = page?.markdown.split("\n") ?? [];
      return {
        sections: page === undefined ? 0 : toSections(page).length,
        rows: lines.filter((line) => line.startsWith("|")).length,
        fences: lines.filter((line) => line.startsWith("```")).length,
      };
    };
    for (const name of english) expect(shape(`zh-CN/${name}`), name).toEqual(shape(`en/${name}`));
  });

  it("gives every section of a page a fragment of its own", async () => {
    for (const page of await readPages(docsDir)) {
      const fragments = toSections(page).map(({ fragment }) => fragment);
      expect(new Set(fragments).size, page.path).toBe(fragments.length);
    }
  });
});
