/** Which view shows which block. Called by child-views.ts. */

import type { Block } from "../blocks/block.ts";
import { createCodeView } from "./code-view.ts";
import { createContainerView } from "./container-view.ts";
import { createMathView } from "./math-view.ts";
import { createRowView, createTableView } from "./table-view.ts";
import { createTextView } from "./text-view.ts";
import type { View, ViewContext } from "./view.ts";

export function keyOf(block: Block): string {
  if (block.kind === "list") return block.marker.ordered ? "ol" : "ul";
  if (block.kind === "heading") return `h${block.level}`;
  if (block.kind === "fence") return `code ${block.language}`;
  if (block.kind === "footnote") return `footnote ${block.label}`;
  return block.kind;
}

export function createView(block: Block, context: ViewContext): View {
  const key = keyOf(block);
  const make = (tag: string): HTMLElement => context.document.createElement(tag);
  switch (block.kind) {
    case "paragraph":
      return createTextView(key, make("p"), context);
    case "heading":
      return createTextView(key, make(key), context);
    case "fence":
      return createCodeView(key, block.language, context);
    case "indented":
      return createCodeView(key, "", context);
    case "math":
      return createMathView(key, context);
    case "table":
      return createTableView(key, context);
    case "row":
      return createRowView(key, make("tr"), context);
    case "rule":
      return { key, element: make("hr"), show: () => true, restart: () => undefined };
    case "document":
    case "quote":
    case "list":
    case "item":
    case "footnote":
      return createContainerView(key, block, context);
  }
}
