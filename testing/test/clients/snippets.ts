/** The code blocks of the page "Bring your own client", so that what is tested is what is printed. */
import { readFileSync } from "node:fs";
import { join } from "node:path";

const docsDir = join(import.meta.dirname, "../../../docs");

/** Code blocks below a heading of level two, in order. */
export function readSnippets(heading: string): string[] {
  const snippets = readAllSnippets("en").get(heading);
  if (snippets === undefined || snippets.length === 0) throw new Error(`No code below "${heading}"`);
  return snippets;
}

/** Heading -> its code blocks, in the page's order. */
export function readAllSnippets(language: "en" | "zh-CN"): Map<string, string[]> {
  const page = readFileSync(join(docsDir, language, "bring-your-own-client.md"), "utf8");
  const sections = page.split(/^## /mu).slice(1);
  return new Map(
    sections.map((section) => [
      section.slice(0, section.indexOf("\n")),
      Array.from(section.matchAll(/^```\w+\n([\s\S]*?)^```$/gmu), ([, code]) => code ?? ""),
    ]),
  );
}
