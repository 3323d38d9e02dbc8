/** Which view shows which block. Given to child-views.ts by renderer.ts: a container holds any of them. */

import type { Block } from "../blocks/block.ts";
import { keyOf } from "./block-key.ts";
import { createCodeView } from "./code-view.ts";
import { createContainerView, createListView } from "./container-view.ts";
import { createMathView } from "./math-view.ts";
import { createRowView, createTableView } from "./table-view.ts";
import { createTextView } from "./text-view.ts";
import type { View, ViewContext } from "./view.ts";

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
      return createTableView(key, block.alignments.length, context);
    case "row":
      return createRowView(key, make("tr"), context);
    case "rule":
      return { key, element: make("hr"), show: () => true, restart: () => undefined };
    case "list":
      return createListView(key, block, context);
    case "document":
    case "quote":
    case "item":
    case "footnote":
      return createContainerView(key, block, context);
  }
}
