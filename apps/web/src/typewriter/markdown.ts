/** Text -> markdown tokens. Raw HTML is off, links lead to http, https and mailto only. Called by renderer.ts. */

import MarkdownIt from "markdown-it";
import type { Token } from "markdown-it";
import { withoutTableHead } from "./hold-back.ts";
import { mendInline } from "./mend-inline.ts";

/** Link definitions (`[label]: address`) by their label. */
export type References = Record<string, { title: string; href: string }>;

export interface Markdown {
  /** Lines on which the top-level blocks of `source` begin. */
  blockStarts(source: string): number[];
  /**
   * Tokens of `source`. New link definitions are added to `references`.
   * With `open` the end of the text is unfinished: what it leaves open is closed for show.
   */
  parse(source: string, references: References, open: boolean): Token[];
}

const safeLink = /^(?:https?:\/\/|mailto:)/iu;

export function isSafeLink(url: string): boolean {
  return safeLink.test(url);
}

export function createMarkdown(): Markdown {
  const parser = new MarkdownIt({ html: false, linkify: true, typographer: false });
  parser.validateLink = isSafeLink;
  // Only what is written as an address: `README.md` and `node.js` are file names, not hosts.
  parser.linkify.set({ fuzzyLink: false, fuzzyEmail: false });
  parser.core.ruler.after("block", "mend", (state) => {
    if (state.env["open"] === true) mendLastInline(state.tokens);
  });

  return {
    blockStarts(source) {
      const tokens: Token[] = [];
      parser.block.parse(source, parser, {}, tokens);
      const starts: number[] = [];
      for (const token of tokens) {
        if (token.level === 0 && token.nesting !== -1 && token.map !== null) starts.push(token.map[0]);
      }
      return starts;
    },
    parse: (source, references, open) => parser.parse(source, { references, open }),
  };
}

function mendLastInline(tokens: Token[]): void {
  const index = tokens.findLastIndex((token) => token.type === "inline" || token.nesting === 0);
  const last = tokens[index];
  if (last?.type !== "inline") return;
  const inParagraph = tokens[index - 1]?.type === "paragraph_open";
  last.content = mendInline(inParagraph ? withoutTableHead(last.content) : last.content);
}
