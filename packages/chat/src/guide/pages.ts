/** The documentation folder -> pages. Called once by guide-provider.ts, at the first question. */
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { guideLanguages } from "./language.ts";
import type { GuideLanguage } from "./language.ts";
import type { GuidePage } from "./sections.ts";

/** Pages that lie at the documentation's root because other tools link there, with their language. */
const rootPages: readonly { path: string; language: GuideLanguage }[] = [
  { path: "errors.md", language: "en" },
  { path: "errors.zh-CN.md", language: "zh-CN" },
];

/**
 * Reads `<docsDir>/<language>/*.md` and the pages at the root, sorted by path so that every start indexes alike.
 *
 * @throws what `readdir` and `readFile` throw.
 */
export async function readPages(docsDir: string): Promise<GuidePage[]> {
  const places = [...rootPages];
  for (const language of guideLanguages) {
    for (const name of await readdir(join(docsDir, language))) {
      if (name.endsWith(".md")) places.push({ path: `${language}/${name}`, language });
    }
  }
  places.sort((a, b) => (a.path < b.path ? -1 : 1));
  return Promise.all(
    places.map(async ({ path, language }) => ({
      language,
      path,
      markdown: await readFile(join(docsDir, path), "utf8"),
    })),
  );
}
