/** Tables and their rows. Made by create-view.ts. */

import type { TableBlock } from "../blocks/block.ts";
import { toTree } from "../inline/tree.ts";
import type { TreeNode } from "../inline/tree.ts";
import { createChildViews } from "./child-views.ts";
import { patchChildren } from "./patch.ts";
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
  const shown: { element: HTMLElement; source: string; open: boolean; tree: TreeNode[] }[] = [];

  function showCell(index: number, source: string, open: boolean): void {
    const cell = shown[index];
    if (cell === undefined || (cell.source === source && cell.open === open)) return;
    cell.source = source;
    cell.open = open;
    const read = (): void => {
      const tree = toTree({ source, open, mayBeTask: false }, context.markdown, context.references);
      patchChildren(cell.element, cell.tree, tree, context);
      cell.tree = tree;
    };
    read();
    if (!open) context.awaitLabels(source, read);
  }

  return {
    show(texts, { alignments }, final) {
      alignments.forEach((alignment, index) => {
        if (shown[index] === undefined) {
          const element = context.document.createElement(tag);
          shown.push({ element: row.appendChild(element), source: "", open: false, tree: [] });
        }
        const cell = shown[index]?.element;
        if (alignment === "right" || alignment === "center") cell?.setAttribute("class", `align-${alignment}`);
        else cell?.removeAttribute("class");
        showCell(index, texts[index] ?? "", !final && index === texts.length - 1);
      });
      for (const { element } of shown.splice(alignments.length)) element.remove();
    },
    restart() {
      for (const cell of shown) cell.open = true;
    },
  };
}
