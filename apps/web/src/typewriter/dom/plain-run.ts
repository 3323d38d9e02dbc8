/**
 * Lets a paragraph grow by words without reading it again: where nothing in it is open and only letters come, they are
 * appended to its last text node. Used by text-view.ts.
 */

import type { TreeNode } from "../inline/tree.ts";
import { mendInline } from "../inline/mend-inline.ts";

export interface PlainRun {
  /** `tree` has just been shown for `source`. */
  startAt(source: string, tree: readonly TreeNode[], element: Element): void;
  /** @returns false where the text has to be read again. */
  grow(source: string, tree: readonly TreeNode[]): boolean;
  stop(): void;
}

/** Neither first nor last can they be a part of anything but text; white space in the end is not shown. */
const plain = /^[\p{L}\p{N}\p{M} ,，。、；！？“”‘’（）]*[\p{L}\p{N}\p{M},，。、；！？”’）]$/u;
const plainEnd = /(?:^|[\s，。、；！？“”‘’（）])[\p{L}\p{N}\p{M},]*[，。、；！？“”‘’（）]?$/u;
const longestWord = 60;

export function createPlainRun(): PlainRun {
  let known: string | undefined;
  let text: Text | undefined;

  return {
    startAt(source, tree, element) {
      known = undefined;
      const last = tree.at(-1);
      if (last?.kind !== "text" || !(element.lastChild instanceof Text)) return;
      const end = source.slice(-longestWord);
      if (!last.text.endsWith(end.slice(-2)) || !plainEnd.test(end)) return;
      if (mendInline(source) !== source) return;
      known = source;
      text = element.lastChild;
    },
    grow(source, tree) {
      const last = tree.at(-1);
      if (known === undefined || text === undefined || last?.kind !== "text") return false;
      if (source.length === known.length) return source === known;
      const added = source.slice(known.length);
      if (added.length > 1000 || !source.startsWith(known) || !plain.test(added)) return false;
      text.appendData(added);
      last.text += added;
      known = source;
      return true;
    },
    stop() {
      known = undefined;
    },
  };
}
