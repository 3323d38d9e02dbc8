/** Which blocks can be shown by the same view, one after the other. Used by create-view.ts and child-views.ts. */

import type { Block } from "../blocks/block.ts";

export function keyOf(block: Block): string {
  if (block.kind === "list") return block.marker.ordered ? "ol" : "ul";
  if (block.kind === "heading") return `h${block.level}`;
  if (block.kind === "table") return `table ${block.alignments.length}`;
  if (block.kind === "fence") return `code ${block.language}`;
  if (block.kind === "footnote") return `footnote ${block.label}`;
  return block.kind;
}
