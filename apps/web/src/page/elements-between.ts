/** Which of many elements that stand one below the other lie between two heights of the window. Used by page/use-near-turns.ts. */

export interface Placed {
  element: HTMLElement;
  top: number;
  bottom: number;
}

/** Measures as few of them as it can: there may be thousands. */
export function elementsBetween(elements: ArrayLike<Element>, top: number, bottom: number): Placed[] {
  let [low, high] = [0, elements.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((elements[middle]?.getBoundingClientRect().bottom ?? 0) > top) high = middle;
    else low = middle + 1;
  }
  const found: Placed[] = [];
  for (let index = low; index < elements.length; index += 1) {
    const element = elements[index];
    if (!(element instanceof HTMLElement)) continue;
    const rect = element.getBoundingClientRect();
    if (rect.top >= bottom) break;
    found.push({ element, top: rect.top, bottom: rect.bottom });
  }
  return found;
}
