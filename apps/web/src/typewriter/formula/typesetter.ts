/**
 * Sets formulas. KaTeX, its styles and fonts are loaded when the first formula comes; until then it stands there as it
 * was written. Made in page/app-context.ts, called by components/AnswerText.vue.
 */

export interface Typesetter {
  /** Shows the formula in `element`; leaves it as it is written where it cannot be read. */
  typeset(element: HTMLElement, tex: string, display: boolean): void;
}

type Katex = typeof import("./katex.ts");

/** A longer one is hostile, or no formula. */
const longestChars = 4000;

export function createTypesetter(): Typesetter {
  let katex: Katex | undefined;
  let opening: Promise<Katex> | undefined;

  return {
    typeset(element, tex, display) {
      if (tex.length > longestChars) return;
      if (katex !== undefined) {
        set(katex, element, tex, display);
        return;
      }
      opening ??= import("./katex.ts");
      opening.then(
        (loaded) => {
          katex = loaded;
          set(loaded, element, tex, display);
        },
        () => (opening = undefined),
      );
    },
  };
}

function set({ typesetFormula }: Katex, element: HTMLElement, tex: string, display: boolean): void {
  // Another text may have come into its place meanwhile.
  if (element.textContent === tex) typesetFormula(element, tex, display);
}
