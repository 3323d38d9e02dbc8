/** Text of a block -> markdown tokens. Raw HTML is off, links lead to http, https and mailto only. Called by tree.ts. */

import MarkdownIt from "markdown-it";
import type { Token } from "markdown-it";
import type { DefinitionReader } from "../blocks/definitions.ts";
import { readFootnoteMark } from "./footnote-mark.ts";
import { readFormula } from "./formula.ts";
import { readLoneBracket } from "./lone-bracket.ts";

/** What was defined anywhere in the text. */
export interface References {
  /** Link definitions (`[label]: address`) by their normalized label. */
  links: Record<string, { title: string; href: string }>;
  footnotes: ReadonlySet<string>;
}

export interface Markdown {
  reader: DefinitionReader;
  parseInline(source: string, references: References): Token[];
  /** Labels are equal whatever their case and white space. */
  normalizeLabel(label: string): string;
}

const safeLink = /^(?:https?:\/\/|mailto:)/iu;

export function isSafeLink(url: string): boolean {
  return safeLink.test(url);
}

export function createMarkdown(): Markdown {
  const parser = new MarkdownIt({ html: false, linkify: true, typographer: false });
  parser.validateLink = isSafeLink;
  // Only what is written as an address: `README.md` and `node.js` are file names, not hosts.
  parser.linkify.set({ fuzzyLink: false, fuzzyEmail: true });
  parser.linkify.add("www.", {
    validate: (text, at) =>
      /^[a-z0-9-]+(?:\.[a-z0-9-]+)+(?:\/[^\s<>"*`]*[\w/])?/iu.exec(text.slice(at, at + 500))?.[0].length ?? 0,
    normalize: (match) => (match.url = `https://${match.url}`),
  });
  parser.inline.ruler.before("escape", "formula", readFormula);
  parser.inline.ruler.before("link", "lone_bracket", readLoneBracket);
  parser.inline.ruler.before("link", "footnote", readFootnoteMark);

  return {
    reader: parser,
    parseInline: (source, { links, footnotes }) =>
      parser.parseInline(source, { references: links, footnotes })[0]?.children ?? [],
    normalizeLabel: (label) => parser.utils.normalizeReference(label),
  };
}
