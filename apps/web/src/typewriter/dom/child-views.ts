/**
 * Keeps the views of a container in step with its blocks. Those that are final are never looked at again, so a frame
 * costs as much as what is open, however much there is before it. Used by the views of containers and by renderer.ts.
 */

import type { Block } from "../blocks/block.ts";
import { keyOf } from "./block-key.ts";
import type { Groups } from "./groups.ts";
import { isFinal } from "./view.ts";
import type { Shown, View, ViewContext } from "./view.ts";

export interface ChildViews {
  show(parent: Block, lineCount: number): void;
  restart(): void;
}

/** @param groups in which the children stand. */
export function createChildViews(groups: Groups, context: ViewContext): ChildViews {
  const views: View[] = [];
  let finished = 0;

  /** @returns false where there is nothing to be seen of the block yet. */
  function showAt(index: number, shown: Shown): boolean {
    const existing = views[index];
    if (existing?.key === keyOf(shown.block)) return existing.show(shown);
    const made = context.createView(shown.block, context);
    views[index] = made;
    // Filled before it comes onto the page: once there, each node that is added costs more.
    const isShown = made.show(shown);
    if (existing === undefined) groups.at(index).append(made.element);
    else existing.element.replaceWith(made.element);
    return isShown;
  }

  return {
    show(parent, lineCount) {
      const blocks = parent.children;
      let index = finished;
      for (; index < blocks.length; index += 1) {
        const block = blocks[index];
        if (block === undefined) break;
        const isShown = showAt(index, { block, parent, index, lineCount });
        const final = isFinal(block, lineCount);
        if (!isShown && !final) break;
        if (final && index === finished) finished += 1;
      }
      for (const view of views.splice(index)) view.element.remove();
      groups.settle(index, finished);
    },
    restart() {
      finished = 0;
      groups.restart();
      for (const view of views) view.restart();
    },
  };
}
