/** One markdown page -> sections, one per heading. Called by pages.ts; indexed by search-index.ts. */
import type { GuideLanguage } from "./language.ts";

/** One page of the documentation as it lies on disk. */
export interface GuidePage {
  language: GuideLanguage;
  /** Below the documentation's root, with forward slashes: `en/quick-start.md`. */
  path: string;
  markdown: string;
}

/** What one heading covers: the smallest thing the guide answers with. */
export interface GuideSection {
  language: GuideLanguage;
  path: string;
  /** The page's first heading. */
  pageTitle: string;
  heading: string;
  /** Fragment of the heading, as GitHub makes it; empty for the page's first heading. */
  fragment: string;
  /** Everything below the heading, whole and unchanged, without the heading and the keywords. */
  body: string;
  /** Words that people ask with and the text does not use, from the section's `<!-- keywords: … -->` line. */
  keywords: string;
}

const headingLine = /^(#{1,4})\s+(.+?)\s*#*$/u;
const fenceLine = /^\s*(```|~~~)/u;
const keywordsLine = /^<!-- keywords: (.*) -->$/u;

/** A heading without code marks and links, as a reader sees it. */
function plainHeading(text: string): string {
  return text.replaceAll("`", "").replaceAll(/\[([^\]]*)\]\([^)]*\)/gu, "$1");
}

/** The fragment GitHub gives a heading: lower case, punctuation gone, spaces to hyphens. */
function toFragment(heading: string): string {
  return plainHeading(heading)
    .toLowerCase()
    .replaceAll(/[^\p{L}\p{M}\p{N}_\- ]/gu, "")
    .replaceAll(" ", "-");
}

/** Splits at headings; lines inside fenced code are never headings. Sections without text are left out. */
export function toSections(page: GuidePage): GuideSection[] {
  const sections: GuideSection[] = [];
  let pageTitle = "";
  let heading = "";
  let lines: string[] = [];
  let keywords = "";
  let insideFence = false;
  /** How often a fragment was seen: GitHub numbers a repeated heading from 1. */
  const fragments = new Map<string, number>();

  const flush = (): void => {
    const body = lines.join("\n").trim();
    const { language, path } = page;
    const seen = fragments.get(toFragment(heading)) ?? 0;
    fragments.set(toFragment(heading), seen + 1);
    const numbered = seen === 0 ? toFragment(heading) : `${toFragment(heading)}-${seen}`;
    const fragment = heading === pageTitle ? "" : numbered;
    if (body !== "" && heading !== "") {
      sections.push({ language, path, pageTitle, heading: plainHeading(heading), fragment, body, keywords });
    }
    lines = [];
    keywords = "";
  };

  for (const line of page.markdown.split(/\r?\n/u)) {
    if (fenceLine.test(line)) insideFence = !insideFence;
    const match = insideFence ? null : headingLine.exec(line);
    if (match === null) {
      const words = insideFence ? null : keywordsLine.exec(line);
      if (words === null) lines.push(line);
      else keywords = words[1] ?? "";
      continue;
    }
    flush();
    heading = match[2] ?? "";
    if (pageTitle === "") pageTitle = heading;
  }
  flush();
  return sections;
}
