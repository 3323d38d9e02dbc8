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
  const lines = paragraph.split("\n");
  let keep = lines.length;
  // One class with nothing before it: two that both take a space would try every way to share a long run of them.
  if (/^[\s:|-]*$/u.test(lines[keep - 1] ?? "") && keep > 1 && lines[keep - 2]?.trimStart().startsWith("|")) keep -= 2;
  else if (lines[keep - 1]?.trimStart().startsWith("|")) keep -= 1;
  return lines.slice(0, keep).join("\n");
}
