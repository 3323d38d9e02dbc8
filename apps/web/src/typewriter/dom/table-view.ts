/** Tables and their rows. Made by create-view.ts. */

import type { TableBlock } from "../blocks/block.ts";
import { createChildViews } from "./child-views.ts";
import { createGroups } from "./groups.ts";
import { createInlineView } from "./inline-view.ts";
import type { InlineView } from "./inline-view.ts";
import { isFinal } from "./view.ts";
import type { View, ViewContext } from "./view.ts";

/**
 * A browser lays a whole table out again when it grows, so a very long one goes on in a table of its own below. Counted
 * are the places for cells, whether there is one or not.
 */
const placesPerTable = 8_000;

export function createTableView(key: string, columns: number, context: ViewContext): View {
  const { document } = context;
  const element = document.createElement("div");
  const groups = createGroups({ size: Math.max(1, Math.floor(placesPerTable / columns)), open: openTable });
  const headRow = document.createElement("tr");
  const cells = createCells(headRow, "th", context);
  groups.at(0);
  // The first table has the head, and stays when it has no rows.
  const rows = createChildViews(
    { ...groups, at: bodyAt, settle: (count, final) => groups.settle(Math.max(1, count), final) },
    context,
  );

  function openTable(place: number): HTMLElement {
    const scroller = element.appendChild(document.createElement("div"));
    scroller.className = "table-scroll";
    scroller.tabIndex = 0;
    const table = scroller.appendChild(document.createElement("table"));
    table.dir = "auto";
    if (place === 0) table.createTHead().append(headRow);
    table.createTBody();
    return scroller;
  }

  function bodyAt(index: number): HTMLElement {
    const scroller = groups.at(index);
    return scroller.querySelector("tbody") ?? scroller;
  }

  return {
    key,
    element,
    show({ block, lineCount }) {
      if (block.kind !== "table") return false;
      cells.show(block.head, block, true);
      rows.show(block, lineCount);
      return true;
    },
    restart() {
      cells.restart();
      rows.restart();
    },
  };
}

export function createRowView(key: string, row: HTMLElement, context: ViewContext): View {
  const cells = createCells(row, "td", context);
  return {
    key,
    element: row,
    show({ block, parent, lineCount }) {
      if (parent.kind === "table") cells.show(block.lines, parent, isFinal(block, lineCount));
      return true;
    },
    restart: () => cells.restart(),
  };
}

interface Cells {
  show(texts: readonly string[], table: TableBlock, final: boolean): void;
  restart(): void;
}

function createCells(row: Element, tag: "th" | "td", context: ViewContext): Cells {
  const cells: { element: HTMLElement; inline: InlineView }[] = [];

  function cellAt(index: number): { element: HTMLElement; inline: InlineView } {
    const existing = cells[index];
    if (existing !== undefined) return existing;
    const element = context.document.createElement(tag);
    const made = { element, inline: createInlineView(element, context) };
    row.append(element);
    cells.push(made);
    return made;
  }

  /** Stands for all cells that a short row lacks: in a wide table they would be many more than there are characters. */
  let filler: HTMLTableCellElement | undefined;

  function fill(columns: number): void {
    if (columns <= 0) {
      filler?.remove();
      filler = undefined;
      return;
    }
    filler ??= context.document.createElement(tag);
    const span = String(columns);
    if (filler.getAttribute("colspan") !== span) filler.setAttribute("colspan", span);
    if (filler.parentNode === null || filler !== row.lastElementChild) row.append(filler);
  }

  return {
    show(texts, { alignments }, final) {
      const present = alignments.slice(0, texts.length);
      present.forEach((alignment, index) => {
        const { element, inline } = cellAt(index);
        const name = alignment === "right" || alignment === "center" ? `align-${alignment}` : undefined;
        if (name === undefined) element.removeAttribute("class");
        else if (element.className !== name) element.className = name;
        inline.show({ source: texts[index] ?? "", open: !final && index === texts.length - 1, mayBeTask: false });
      });
      for (const { element } of cells.splice(present.length)) element.remove();
      fill(alignments.length - present.length);
    },
    restart() {
      for (const { inline } of cells) inline.restart();
    },
  };
}
