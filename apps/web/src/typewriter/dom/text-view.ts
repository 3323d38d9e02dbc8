/** A paragraph or a heading. Made by create-view.ts. */

import { withoutTableHead } from "../blocks/hold-back.ts";
import { createInlineView } from "./inline-view.ts";
import { isFinal } from "./view.ts";
import type { View, ViewContext } from "./view.ts";

export function createTextView(key: string, element: HTMLElement, context: ViewContext): View {
  const inline = createInlineView(element, context);

  return {
    key,
    element,
    show({ block, parent, index, lineCount }) {
      const mayBeTask = parent.kind === "item" && index === 0 && block.kind === "paragraph";
      // Once: a browser takes it for a change each time, and looks at all that stands in it.
      if (element.dir === "" && (block.kind === "heading" || parent.kind === "document")) element.dir = "auto";
      if (block.kind === "heading") setLevel(element, block.depth);
      const open = !isFinal(block, lineCount);
      const text = block.lines.join("\n").trimEnd();
      const source = open && block.kind === "paragraph" ? unfinishedText(text) : text;
      return inline.show({ source, open, mayBeTask });
    },
    restart: () => inline.restart(),
  };
}

/** Of the heading over each message. */
const messageLevel = 2;
const lowestLevel = 6;

/** For those who go from heading to heading: none is left out between two of them, whatever their looks. */
function setLevel(element: HTMLElement, depth: number): void {
  const level = String(Math.min(messageLevel + depth, lowestLevel));
  if (element.getAttribute("aria-level") !== level) element.setAttribute("aria-level", level);
}

const definition = /^\[(?:[^\\[\]]|\\.){1,999}\]:/u;
/** Its colon may be next. */
const shortLabel = /^\[[^\s\]]{0,40}\]?$/u;

/** What can be told of a paragraph that is not complete: it may yet be the head of a table, or define a link. */
function unfinishedText(source: string): string {
  const text = withoutTableHead(source);
  return definition.test(text) || shortLabel.test(text) ? "" : text;
}
