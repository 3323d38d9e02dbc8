/** A text that was found -> the few words around the first hit, and where the hits are in them. Called by store/search. */
import { isMatch, type QueryTerm, toTerms } from "./terms.ts";

export interface Snippet {
  snippet: string;
  /** Parts of the snippet that were looked for, in UTF-16 units; in their order, none touches another. */
  matches: [from: number, to: number][];
}

const charsBefore = 60;
const maxChars = 200;

export function toSnippet(text: string, queryTerms: readonly QueryTerm[]): Snippet {
  const first = toTerms(text).find(({ term }) => isMatch(term, queryTerms));
  const hit = first?.from ?? 0;
  const from = hit <= charsBefore ? 0 : toWordStart(text, hit - charsBefore, hit);
  const to = Math.min(text.length, from + maxChars);
  const snippet = toPlainLine(text.slice(from, to).toWellFormed().replaceAll("\uFFFD", ""));
  const whole = `${from > 0 ? "…" : ""}${snippet}${to < text.length ? "…" : ""}`;
  return { snippet: whole, matches: toMatches(whole, queryTerms) };
}

/** The start of the first word after `from`; `from` itself where there is none before the hit. */
function toWordStart(text: string, from: number, hit: number): number {
  const space = /\s\S/u.exec(text.slice(from, hit));
  return space ? from + space.index + 1 : from;
}

/** Without line breaks, and without the marks of markdown that say nothing about the words. */
function toPlainLine(text: string): string {
  return text
    .replace(/^[ \t]*(?:#{1,6}|>|[-*+])[ \t]+/gmu, "")
    .replace(/\*\*|`+/gu, "")
    .replace(/[\s\p{Cc}]+/gu, " ")
    .trim();
}

function toMatches(snippet: string, queryTerms: readonly QueryTerm[]): [number, number][] {
  const matches: [number, number][] = [];
  for (const { term, from, to } of toTerms(snippet)) {
    if (!isMatch(term, queryTerms)) continue;
    const last = matches.at(-1);
    if (last && from <= last[1]) last[1] = Math.max(last[1], to);
    else matches.push([from, to]);
  }
  return matches;
}
