/**
 * Sets formulas. KaTeX, its styles and fonts are loaded when a formula begins, so that they are there when it is complete;
 * else its place stays empty for a moment. Made in page/app-context.ts, called by components/AnswerText.vue.
 */

import type { SetFormula } from "./katex.ts";

export interface Typesetter {
  /** A formula has begun: it will have to be set soon. */
  prepare(): void;
  /** Shows the formula in `element`; leaves it as it is written where it cannot be read. */
  typeset(element: HTMLElement, tex: string, display: boolean): void;
  /** What a formula needs will be there in a moment: worth waiting for. */
  readonly coming: boolean;
}

/** A longer one is hostile, or no formula. */
const longestChars = 4000;
/** After that, formulas are shown as they were written until they can be set. */
const longestWaitMs = 1500;

export function createTypesetter(): Typesetter {
  let setFormula: SetFormula | undefined;
  let opening: Promise<SetFormula> | undefined;
  let openedMs = 0;

  async function load(): Promise<SetFormula> {
    try {
      const { openKatex } = await import("./katex.ts");
      return (setFormula = await openKatex(document.fonts));
    } catch (error) {
      opening = undefined;
      throw error;
    }
  }

  function open(): Promise<SetFormula> {
    if (opening === undefined) {
      openedMs = performance.now();
      opening = load();
    }
    return opening;
  }

  return {
    get coming() {
      return opening !== undefined && setFormula === undefined && performance.now() - openedMs < longestWaitMs;
    },
    prepare() {
      open().catch(() => undefined);
    },
    typeset(element, tex, display) {
      if (tex.length > longestChars) return;
      if (setFormula !== undefined) {
        setFormula(element, tex, display);
        return;
      }
      const show = (): void => element.classList.remove("awaited");
      const loading = open();
      element.classList.add("awaited");
      setTimeout(show, openedMs + longestWaitMs - performance.now());
      const set = (loaded: SetFormula): void => {
        // Another text may have come into its place meanwhile.
        if (element.textContent === tex) loaded(element, tex, display);
      };
      loading.then(set).then(show, show);
    },
  };
}
