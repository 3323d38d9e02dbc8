/** A paragraph or a heading. Made by create-view.ts. */

import { withoutTableHead } from "../blocks/hold-back.ts";
import { toTree } from "../inline/tree.ts";
import { createPlainRun } from "./plain-run.ts";
import { patchChildren } from "./patch.ts";
import type { TreeNode } from "../inline/tree.ts";
import { isFinal } from "./view.ts";
import type { View, ViewContext } from "./view.ts";

export function createTextView(key: string, element: HTMLElement, context: ViewContext): View {
  let tree: TreeNode[] = [];
  let shownFinal: string | undefined;
  const plainRun = createPlainRun();

  function showTree(source: string, open: boolean, mayBeTask: boolean): void {
    const next = toTree({ source, open, mayBeTask }, context.markdown, context.references);
    patchChildren(element, tree, next, context);
    tree = next;
  }

  return {
    key,
    element,
    show({ block, parent, index, lineCount }) {
      const mayBeTask = parent.kind === "item" && index === 0 && block.kind === "paragraph";
      if (block.kind === "heading" || parent.kind === "document") element.dir = "auto";
      const source = block.lines.join("\n").trimEnd();
      if (!isFinal(block, lineCount)) {
        shownFinal = undefined;
        const visible = block.kind === "paragraph" ? unfinishedText(source) : source;
        if (plainRun.grow(visible, tree)) return true;
        showTree(visible, true, mayBeTask);
        plainRun.startAt(visible, tree, element);
        return tree.length > 0;
      }
      plainRun.stop();
      if (shownFinal !== source) {
        showTree(source, false, mayBeTask);
        context.awaitLabels(source, () => showTree(source, false, mayBeTask));
      }
      shownFinal = source;
      return true;
    },
    restart() {
      shownFinal = undefined;
      plainRun.stop();
    },
  };
}

/** What can be told of a paragraph that is not complete: it may yet be the head of a table, or define a link. */
function unfinishedText(source: string): string {
  const text = withoutTableHead(source);
  return /^\[(?:[^\\[\]]|\\.){1,999}\]:/u.test(text) ? "" : text;
}
