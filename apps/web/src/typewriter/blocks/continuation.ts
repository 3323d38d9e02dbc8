/**
 * Rules for the lines with which an open block goes on or ends. A rule moves the cursor behind what belongs to the block.
 * Called by scanner.ts.
 */

import type { Block, FenceBlock } from "./block.ts";
import type { LineCursor } from "./line-cursor.ts";
import { codeIndent, skipQuoteMarker } from "./starts.ts";

export function goesOn(block: Block, line: LineCursor): boolean {
  switch (block.kind) {
    case "document":
    case "list":
      return true;
    case "quote":
      return skipQuoteMarker(line);
    case "item":
      if (line.isBlank) return block.children.length > 0 && skipBlank(line);
      return skipWhole(line, block.contentColumns);
    case "footnote":
      return line.isBlank ? skipBlank(line) : skipWhole(line, codeIndent);
    case "fence":
      line.skipColumns(block.indent);
      return true;
    case "indented":
      if (line.isBlank) {
        line.skipColumns(codeIndent);
        return true;
      }
      return skipWhole(line, codeIndent);
    case "math":
    case "paragraph":
    case "table":
      return !line.isBlank;
    case "heading":
    case "rule":
    case "row":
      return false;
  }
}

function skipWhole(line: LineCursor, columns: number): boolean {
  if (line.indent < columns) return false;
  line.skipColumns(columns);
  return true;
}

function skipBlank(line: LineCursor): boolean {
  line.skipIndent();
  return true;
}

/** The line is the end of the code or the formula. */
export function endsBlock(block: Block, line: LineCursor): boolean {
  if (block.kind === "fence") return line.indent < codeIndent && isClosingFence(block, line.content);
  if (block.kind !== "math") return false;
  const text = line.content.trimEnd();
  if (!text.endsWith(block.closing)) return false;
  const before = text.slice(0, -block.closing.length);
  if (before.trim() !== "") block.lines.push(before);
  return true;
}

function isClosingFence({ character, length }: FenceBlock, content: string): boolean {
  const text = content.trimEnd();
  return text.length >= length && text === character.repeat(text.length);
}
