/** Tables and their rows. Made by create-view.ts. */

import type { TableBlock } from "../blocks/block.ts";
import { createChildViews } from "./child-views.ts";
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
  element.className = "table-scroll";
  element.tabIndex = 0;
  const rowsPerTable = Math.max(1, Math.floor(placesPerTable / columns));
  const bodies: HTMLElement[] = [];
  const headRow = addTable().appendChild(document.createElement("thead")).appendChild(document.createElement("tr"));
  const cells = createCells(headRow, "th", context);
  bodyAt(0);
  const rows = createChildViews((index) => bodyAt(Math.floor(index / rowsPerTable)), context);

  function addTable(): HTMLTableElement {
    const table = element.appendChild(document.createElement("table"));
    table.dir = "auto";
    return table;
  }

  function bodyAt(place: number): HTMLElement {
    const existing = bodies[place];
    if (existing !== undefined) return existing;
    const table = place === 0 ? headRow.closest("table") : addTable();
    const made = document.createElement("tbody");
    table?.append(made);
    bodies.push(made);
    return made;
  }

  return {
    key,
    element,
    show({ block, lineCount }) {
      if (block.kind !== "table") return false;
      cells.show(block.head, block, true);
      rows.show(block, lineCount);
      for (const body of bodies.splice(Math.max(1, Math.ceil(block.children.length / rowsPerTable))))
        body.closest("table")?.remove();
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
    filler.colSpan = columns;
    if (filler.parentNode === null || filler !== row.lastElementChild) row.append(filler);
  }

  return {
    show(texts, { alignments }, final) {
      const present = alignments.slice(0, texts.length);
      present.forEach((alignment, index) => {
        const { element, inline } = cellAt(index);
        if (alignment === "right" || alignment === "center") element.className = `align-${alignment}`;
        else element.removeAttribute("class");
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
