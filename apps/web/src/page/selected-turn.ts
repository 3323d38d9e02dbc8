/** The selection of the document, seen by turns of the transcript. Used by page/use-near-turns.ts. */

/** Either end of what is selected lies in it. */
export function isHeldBySelection(turn: Element): boolean {
  const selection = document.getSelection();
  if (selection === null || selection.isCollapsed) return false;
  return turn.contains(selection.anchorNode) || turn.contains(selection.focusNode);
}

/**
 * Scrolls to what a script has found and selected: a browser does not, whether it is laid out or not.
 *
 * @param before - The turn that was selected: what is in it already may have been scrolled away from.
 * @returns the turn that all of the selection lies in.
 */
export function bringSelection(scroller: Element, before: Element | null): Element | null {
  const selection = document.getSelection();
  const turn = findSelectedTurn(scroller);
  if (selection === null || turn === null || turn === before) return turn;
  const { top, bottom, height } = scroller.getBoundingClientRect();
  const found = selection.getRangeAt(0).getBoundingClientRect();
  if (found.bottom <= top || found.top >= bottom) scroller.scrollTop += found.top - top - (height - found.height) / 2;
  return turn;
}

/** The turn that all of the selection lies in. */
export function findSelectedTurn(scroller: Element): Element | null {
  const { anchorNode = null, focusNode = null, isCollapsed = true } = document.getSelection() ?? {};
  const turn = isCollapsed ? null : (anchorNode?.parentElement?.closest(".turn") ?? null);
  return turn !== null && scroller.contains(turn) && turn.contains(focusNode) ? turn : null;
}
