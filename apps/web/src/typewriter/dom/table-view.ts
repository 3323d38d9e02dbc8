/** Tables and their rows. Made by create-view.ts. */

import type { TableBlock } from "../blocks/block.ts";
import { createChildViews } from "./child-views.ts";
import { createInlineView } from "./inline-view.ts";
import type { InlineView } from "./inline-view.ts";
import { isFinal } from "./view.ts";
import type { View, ViewContext } from "./view.ts";

export function createTableView(key: string, context: ViewContext): View {
  const { document } = context;
  const element = document.createElement("div");
  element.className = "table-scroll";
  element.tabIndex = 0;
  const table = element.appendChild(document.createElement("table"));
  table.dir = "auto";
  const headRow = table.appendChild(document.createElement("thead")).appendChild(document.createElement("tr"));
  const body = table.appendChild(document.createElement("tbody"));
  const cells = createCells(headRow, "th", context);
  const rows = createChildViews(() => body, context);

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

  return {
    show(texts, { alignments }, final) {
      alignments.forEach((alignment, index) => {
        const { element, inline } = cellAt(index);
        if (alignment === "right" || alignment === "center") element.className = `align-${alignment}`;
        else element.removeAttribute("class");
        inline.show({ source: texts[index] ?? "", open: !final && index === texts.length - 1, mayBeTask: false });
      });
      for (const { element } of cells.splice(alignments.length)) element.remove();
    },
    restart() {
      for (const { inline } of cells) inline.restart();
    },
  };
}
