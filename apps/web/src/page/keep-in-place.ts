/** Holds one element where it is while others around it are drawn. Used by page/use-near-turns.ts. */
import type { Placed } from "./elements-between.ts";

export interface Anchor {
  element: HTMLElement;
  /** Which height of the element is held: 0 is its top, 1 its bottom. */
  fraction: number;
  /** Where that is in the window. */
  y: number;
}

/**
 * The first that begins in the view, or the only one, is held by its top; else the place in the one that fills the view.
 *
 * @param seen - What may be held, from the top down.
 */
export function toAnchor(seen: readonly Placed[], viewTop: number): Anchor | null {
  const begins = seen.length === 1 ? seen[0] : seen.find(({ top }) => top >= viewTop);
  if (begins !== undefined) return { element: begins.element, fraction: 0, y: begins.top };
  const [first] = seen;
  if (first === undefined || first.bottom === first.top) return null;
  return { element: first.element, fraction: (viewTop - first.top) / (first.bottom - first.top), y: viewTop };
}

export function restoreAnchor(scroller: HTMLElement, { element, fraction, y }: Anchor): void {
  if (!element.isConnected) return;
  const { top, height } = element.getBoundingClientRect();
  const by = top + fraction * height - y;
  if (Math.abs(by) >= 1) scroller.scrollTop += by;
}
