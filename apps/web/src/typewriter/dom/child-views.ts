/**
 * Keeps the views of a container in step with its blocks. Those that are final are never looked at again, so a frame
 * costs as much as what is open, however much there is before it. Used by the views of containers and by renderer.ts.
 */

import type { Block } from "../blocks/block.ts";
import { createView, keyOf } from "./create-view.ts";
import { isFinal } from "./view.ts";
import type { View, ViewContext } from "./view.ts";

export interface ChildViews {
  show(parent: Block, lineCount: number): void;
  restart(): void;
  /** So many of the first children are final. */
  readonly finished: number;
}

/** @param placeOf the element that holds the child at an index. */
export function createChildViews(placeOf: (index: number) => Element, context: ViewContext): ChildViews {
  const views: View[] = [];
  let finished = 0;

  function viewFor(block: Block, index: number): View {
    const existing = views[index];
    if (existing?.key === keyOf(block)) return existing;
    const made = createView(block, context);
    if (existing === undefined) placeOf(index).append(made.element);
    else existing.element.replaceWith(made.element);
    views[index] = made;
    return made;
  }

  return {
    get finished() {
      return finished;
    },
    show(parent, lineCount) {
      const blocks = parent.children;
      let index = finished;
      for (; index < blocks.length; index += 1) {
        const block = blocks[index];
        if (block === undefined) break;
        const isShown = viewFor(block, index).show({ block, parent, index, lineCount });
        const final = isFinal(block, lineCount);
        if (!isShown && !final) break;
        if (final && index === finished) finished += 1;
      }
      for (const view of views.splice(index)) view.element.remove();
    },
    restart() {
      finished = 0;
      for (const view of views) view.restart();
    },
  };
}
