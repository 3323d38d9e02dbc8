/**
 * Drives one answer: received text -> pacer -> renderer, one commit per animation frame while there is something to
 * show. Moves the caret and tells when everything is shown. Called by components/AnswerText.vue.
 */

import { beginsWith } from "./begins-with.ts";
import type { Graphemes } from "./graphemes.ts";
import { nextPace, startPace } from "./pacer.ts";
import type { Renderer } from "./renderer.ts";

/** The caret stands still this long before it begins to pulse. */
const restMs = 600;

export interface TypistOptions {
  container: HTMLElement;
  renderer: Renderer;
  graphemes: Graphemes;
  /** Asked at each frame: a hidden tab, a reader who wants no motion. */
  isInstant(): boolean;
  /** Asked at each frame: what comes next cannot be shown yet, but in a moment. */
  isHeld(): boolean;
  /** The text is complete and shown. */
  onSettled(): void;
}

export interface Typist {
  /** Everything received so far. */
  receive(text: string, ended: boolean): void;
  /** Shows everything received so far at once. */
  showAll(): void;
  close(): void;
}

export function createTypist(options: TypistOptions): Typist {
  const { container, renderer, graphemes } = options;
  let text = "";
  let ended = false;
  let pace = startPace;
  let settled = false;
  let frame: number | undefined;
  let rest: ReturnType<typeof setTimeout> | undefined;
  let caret: Element | undefined;

  function step(instant: boolean): void {
    const before = pace.shown;
    if (!instant && !ended && options.isHeld()) return schedule();
    pace = nextPace(pace, { text, ended, instant, nowMs: performance.now(), graphemes });
    const done = ended && pace.shown === text.length;
    if (pace.shown !== before || done) commit(done);
    if (!done && pace.frameMs !== null) schedule();
  }

  function commit(done: boolean): void {
    renderer.update(text.slice(0, pace.shown), done);
    moveCaret(done);
    if (!done || settled) return;
    settled = true;
    options.onSettled();
  }

  /** A class on the element that ends the text; the caret itself takes no room, so nothing moves when it goes. */
  function moveCaret(done: boolean): void {
    const place = done ? undefined : deepestEnd(container);
    if (caret !== place) {
      caret?.removeAttribute("data-caret");
      caret = place;
    }
    clearTimeout(rest);
    caret?.setAttribute("data-caret", "moving");
    if (!done) rest = setTimeout(() => caret?.setAttribute("data-caret", "resting"), restMs);
  }

  function schedule(): void {
    // A hidden tab gets no frames: what it receives is shown as it comes.
    if (document.visibilityState === "hidden") return;
    frame ??= requestAnimationFrame(() => {
      frame = undefined;
      step(options.isInstant());
    });
  }

  return {
    receive(newText, newEnded) {
      const shown = text.slice(0, pace.shown);
      const goesOn = beginsWith(newText, shown);
      // A stream that began anew repeats what is shown already: that stays until it is overtaken.
      if (!goesOn && !newEnded && beginsWith(shown, newText)) return;
      if (!goesOn) pace = startPace;
      if (!newEnded) settled = false;
      text = newText;
      ended = newEnded;
      if (settled) return;
      if (!goesOn || options.isInstant()) step(true);
      else schedule();
    },
    showAll: () => step(true),
    close() {
      if (frame !== undefined) cancelAnimationFrame(frame);
      clearTimeout(rest);
    },
  };
}

function deepestEnd(container: Element): Element | undefined {
  let place: Element | undefined;
  let next = container.lastElementChild;
  while (next !== null) {
    if (next.matches("input, hr, br, figcaption")) break;
    place = next;
    const last = lastMeaningful(next);
    next = last instanceof Element ? last : null;
  }
  return place;
}

function lastMeaningful(element: Element): ChildNode | null {
  let last = element.lastChild;
  while (last !== null && isUnwritten(last)) last = last.previousSibling;
  return last;
}

/** Nothing stands in it yet: the cells of a table row that come after the one being typed. */
function isUnwritten(node: ChildNode): boolean {
  const isPlace = node.nodeType === Node.TEXT_NODE || (node instanceof Element && node.matches("td, th"));
  return isPlace && node.textContent === "";
}
