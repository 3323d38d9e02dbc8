/** Remembers the open blocks before a line is added on trial, and puts them back. Used by scanner.ts. */

import { stillOpen } from "./block.ts";
import type { Block } from "./block.ts";

/** What to put back of an open block after a trial. */
export interface Mark {
  block: Block;
  lines: string[];
  lineCount: number;
  childCount: number;
  lastChild: Block | undefined;
}

export function mark(block: Block): Mark {
  const { lines, children } = block;
  return { block, lines, lineCount: lines.length, childCount: children.length, lastChild: children.at(-1) };
}

export function putBack({ block, lines, lineCount, childCount, lastChild }: Mark): Block {
  lines.length = lineCount;
  block.lines = lines;
  block.children.length = childCount;
  if (lastChild !== undefined) block.children[childCount - 1] = lastChild;
  block.closedBy = stillOpen;
  return block;
}
