/**
 * Rules for the lines that begin a block. Each looks at the line from the cursor on; where it finds its block, it moves
 * the cursor behind what belongs to the block's marker. Called by scanner.ts, in the order of `blockStarts`.
 *
 * @see https://spec.commonmark.org/0.31.2/#container-blocks
 */

import { createBase } from "./block.ts";
import type { Block, ItemBlock, ListMarker } from "./block.ts";
import type { LineCursor } from "./line-cursor.ts";

export interface StartContext {
  /** The line could go on with a paragraph that stands in the same container. */
  inParagraph: boolean;
  /** It could go on with any paragraph, also one of a container that the line does not mention. */
  mayContinueParagraph: boolean;
}

/** The blocks that the line begins, the outer one first; the last one takes what is left of the line. */
type BlockStart = (line: LineCursor, context: StartContext) => Block[] | undefined;

/** So much space before it makes a line one of code. */
export const codeIndent = 4;
/** A marker with more space behind it begins an item whose text is indented code. */
const longestItemSpace = 4;

export const blockStarts: readonly BlockStart[] = [
  startQuote,
  startHeading,
  startFence,
  startMath,
  startRule,
  startItem,
  startFootnote,
  startIndented,
];

function startQuote(line: LineCursor): Block[] | undefined {
  return skipQuoteMarker(line) ? [{ ...createBase(), kind: "quote" }] : undefined;
}

export function skipQuoteMarker(line: LineCursor): boolean {
  if (line.indent >= codeIndent || !line.content.startsWith(">")) return false;
  line.skipIndent();
  line.skipCharacters(1);
  line.skipColumns(1);
  return true;
}

function startHeading(line: LineCursor): Block[] | undefined {
  const match = /^(#{1,6})(?:[ \t]+(.*))?$/u.exec(line.content);
  if (match?.[1] === undefined) return undefined;
  const text = (match[2] ?? "").trimEnd();
  return [{ ...createBase([withoutClosingMarks(text)]), kind: "heading", level: match[1].length, depth: 1 }];
}

function withoutClosingMarks(text: string): string {
  const bare = text.replace(/#+$/u, "");
  return bare === "" || /[ \t]$/u.test(bare) ? bare.trimEnd() : text;
}

function startFence(line: LineCursor): Block[] | undefined {
  const match = /^(`{3,}(?!.*`)|~{3,})(.*)$/u.exec(line.content);
  const fence = match?.[1];
  if (fence === undefined) return undefined;
  const language = (match?.[2] ?? "").trim().split(/[\s{]/u)[0] ?? "";
  return [
    {
      ...createBase(),
      kind: "fence",
      language,
      character: fence.charAt(0),
      length: fence.length,
      indent: line.indent,
    },
  ];
}

function startMath(line: LineCursor): Block[] | undefined {
  const match = /^(?:\$\$(?!\$)|\\\[(?=[ \t]*$|.*\\\][ \t]*$))/u.exec(line.content);
  if (match === null) return undefined;
  const closing = match[0] === "$$" ? "$$" : "\\]";
  const text = line.content.slice(2).trimEnd();
  const end = text.indexOf(closing);
  // Something behind the end: the formula stands in a paragraph.
  if (end !== -1 && end + 2 !== text.length) return undefined;
  if (end !== -1) return [{ ...createBase([text.slice(0, end)]), kind: "math", closing: "" }];
  return [{ ...createBase(text.trim() === "" ? [] : [text]), kind: "math", closing }];
}

function startRule(line: LineCursor): Block[] | undefined {
  return /^([-*_])(?:[ \t]*\1){2,}[ \t]*$/u.test(line.content) ? [{ ...createBase(), kind: "rule" }] : undefined;
}

function startItem(line: LineCursor, { inParagraph }: StartContext): Block[] | undefined {
  const match = /^(?:([-+*])|(\d{1,9})([.)]))(?=[ \t]|$)/u.exec(line.content);
  if (match === null) return undefined;
  const start = match[2] === undefined ? 1 : Number(match[2]);
  const empty = line.content.slice(match[0].length).trim() === "";
  if (inParagraph && (empty || start !== 1)) return undefined;
  const marker: ListMarker = {
    ordered: match[2] !== undefined,
    character: match[1] ?? match[3] ?? "",
    start,
  };
  const markerColumns = line.indent + match[0].length;
  line.skipIndent();
  line.skipCharacters(match[0].length);
  const space = line.indent;
  const taken = empty || space > longestItemSpace ? 1 : space;
  line.skipColumns(taken);
  const item: ItemBlock = { ...createBase(), kind: "item", contentColumns: markerColumns + taken };
  return [{ ...createBase(), kind: "list", marker }, item];
}

function startFootnote(line: LineCursor): Block[] | undefined {
  const match = /^\[\^([^\]\s^[]{1,100})\]:/u.exec(line.content);
  if (match?.[1] === undefined) return undefined;
  line.skipIndent();
  line.skipCharacters(match[0].length);
  return [{ ...createBase(), kind: "footnote", label: match[1] }];
}

function startIndented(line: LineCursor, { mayContinueParagraph }: StartContext): Block[] | undefined {
  if (line.indent < codeIndent || line.isBlank || mayContinueParagraph) return undefined;
  line.skipColumns(codeIndent);
  return [{ ...createBase(), kind: "indented" }];
}

/** A line under a paragraph that makes it a heading. */
export function underlineLevel(line: LineCursor): number | undefined {
  if (line.indent >= codeIndent) return undefined;
  const mark = /^(?:(=+)|-+)[ \t]*$/u.exec(line.content);
  if (mark === null) return undefined;
  return mark[1] === undefined ? 2 : 1;
}
