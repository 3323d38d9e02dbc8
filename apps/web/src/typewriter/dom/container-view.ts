/** Lists, their items, quotations and footnotes. Made by create-view.ts. */

import type { Block, ListBlock } from "../blocks/block.ts";
import { createChildViews } from "./child-views.ts";
import { createGroups } from "./groups.ts";
import type { View, ViewContext } from "./view.ts";

/** A longer list goes on in a list of its own below. */
const itemsPerList = 200;
const blocksPerPart = 10;

/** @param block of this list. Its element holds the list, and those in which it goes on. */
export function createListView(key: string, { marker }: ListBlock, context: ViewContext): View {
  const { document } = context;
  const element = document.createElement("div");
  element.className = "list";
  let { start } = marker;
  const groups = createGroups({
    size: itemsPerList,
    open(place) {
      const list = element.appendChild(document.createElement(marker.ordered ? "ol" : "ul"));
      if (marker.ordered) number(list, place);
      return list;
    },
  });
  const items = createChildViews(groups, context);

  function number(list: Element, place: number): void {
    list.setAttribute("start", String(start + place * itemsPerList));
  }

  return {
    key,
    element,
    show({ block, lineCount }) {
      if (block.kind !== "list") return false;
      if (block.marker.start !== start) {
        ({ start } = block.marker);
        Array.from(element.children).forEach(number);
      }
      items.show(block, lineCount);
      return true;
    },
    restart: () => items.restart(),
  };
}

export function createContainerView(key: string, block: Block, context: ViewContext): View {
  const element = createContainer(block, context.document);
  const groups = createGroups({
    size: blocksPerPart,
    first: element,
    open() {
      const part = element.appendChild(context.document.createElement("div"));
      part.className = "part";
      return part;
    },
  });
  const children = createChildViews(groups, context);
  return {
    key,
    element,
    show({ block, lineCount }) {
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
