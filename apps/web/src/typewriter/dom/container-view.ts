/** Lists, their items, quotations and footnotes. Made by create-view.ts. */

import type { Block } from "../blocks/block.ts";
import { createChildViews } from "./child-views.ts";
import type { View, ViewContext } from "./view.ts";

export function createContainerView(key: string, block: Block, context: ViewContext): View {
  const element = createContainer(block, context.document);
  const children = createChildViews(() => element, context);
  return {
    key,
    element,
    show({ block, lineCount }) {
      if (block.kind === "list" && block.marker.ordered) element.setAttribute("start", String(block.marker.start));
      children.show(block, lineCount);
      return true;
    },
    restart: () => children.restart(),
  };
}

/**
 * A bullet and the line beside a quotation stand where the text begins. Their elements find that out from their text
 * only where no element in between has a direction of its own: so lists have none, and paragraphs in them neither.
 */
function createContainer(block: Block, document: Document): HTMLElement {
  if (block.kind === "list") return document.createElement(block.marker.ordered ? "ol" : "ul");
  if (block.kind === "item") return withDirection(document.createElement("li"));
  if (block.kind === "quote") return withDirection(document.createElement("blockquote"));
  const element = withDirection(document.createElement("div"));
  if (block.kind !== "footnote") return element;
  element.className = "footnote";
  element.dataset["label"] = block.label;
  element.tabIndex = -1;
  return element;
}

function withDirection(element: HTMLElement): HTMLElement {
  element.dir = "auto";
  return element;
}
