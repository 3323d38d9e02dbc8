/**
 * Says of the unfinished last line that it could yet become a block marker, and so is not shown: a lone `-` may turn
 * into a list, a rule or a heading's underline, three backticks into a code block. Called by renderer.ts.
 */

import type { Block } from "./block.ts";

const containers = String.raw`[ \t>]*(?:(?:[-*+]|\d{1,9}[.)])[ \t]+)*`;
const bareMarker = new RegExp(`^${containers}(?:[-*+_=#~\`$]+|\\d{1,9}[.)]?|[-*_ ]+)?[ \\t]*$`, "u");
const openingFence = new RegExp(`^${containers}(?:\`{3,}[^\`]*|~{3,}.*)$`, "u");
const openingMark = new RegExp(`^${containers}(?:\\\\\\[?|\\[\\^[^\\]]*(?:\\]:?[ \\t]*)?)$`, "u");
/** Of code only its end is a marker. */
const closingFence = /^[ \t>]*(?:`+|~+)?[ \t]*$/u;
const longestMarkerLine = 1000;

/** @param tip the innermost block that is open. */
export function isHeldBack(line: string, tip: Block): boolean {
  if (line.length > longestMarkerLine) return false;
  if (tip.kind === "fence") return closingFence.test(line);
  return bareMarker.test(line) || openingFence.test(line) || openingMark.test(line);
}

/** Cuts the lines of a paragraph that may be the head of a table whose second line is not complete yet. */
export function withoutTableHead(paragraph: string): string {
  const lastStart = paragraph.lastIndexOf("\n") + 1;
  const last = paragraph.slice(lastStart);
  // One class with nothing before it: two that both take a space would try every way to share a long run of them.
  const isDelimiter = /^[\s:|-]*$/u.test(last);
  if (last.trimStart().startsWith("|") && !isDelimiter) return paragraph.slice(0, Math.max(0, lastStart - 1));
  if (lastStart === 0) return last.trimStart().startsWith("|") ? "" : paragraph;
  const headStart = paragraph.lastIndexOf("\n", lastStart - 2) + 1;
  const head = paragraph.slice(headStart, lastStart);
  if (head.trimStart().startsWith("|") && isDelimiter) return paragraph.slice(0, Math.max(0, headStart - 1));
  // A head without a bar in front stands there as text already.
  const isUnderHead = isDelimiter && head.includes("|");
  return isUnderHead || last.trimStart().startsWith("|") ? paragraph.slice(0, lastStart - 1) : paragraph;
}
