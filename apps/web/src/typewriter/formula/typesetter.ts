/**
 * Sets formulas. KaTeX, its styles and fonts are loaded when a formula begins, so that they are there when it is complete;
 * else its place stays empty for a moment. Made in page/app-context.ts, called by components/AnswerText.vue.
 */

export interface Typesetter {
  /** A formula has begun: it will have to be set soon. */
  prepare(): void;
  /** Shows the formula in `element`; leaves it as it is written where it cannot be read. */
  typeset(element: HTMLElement, tex: string, display: boolean): void;
  /** What a formula needs will be there in a moment: worth waiting for. */
  readonly coming: boolean;
}

type Katex = typeof import("./katex.ts");

/** A longer one is hostile, or no formula. */
const longestChars = 4000;
/** After that, formulas are shown as they were written until they can be set. */
const longestWaitMs = 1500;

export function createTypesetter(): Typesetter {
  let katex: Katex | undefined;
  let opening: Promise<Katex> | undefined;
  let openedMs = 0;

  async function load(): Promise<Katex> {
    try {
      const loaded = await import("./katex.ts");
      await loaded.loadFonts(document.fonts);
      return (katex = loaded);
    } catch (error) {
      opening = undefined;
      throw error;
    }
  }

  function open(): Promise<Katex> {
    if (opening === undefined) {
      openedMs = performance.now();
      opening = load();
    }
    return opening;
  }

  return {
    get coming() {
      return opening !== undefined && katex === undefined && performance.now() - openedMs < longestWaitMs;
    },
    prepare() {
      open().catch(() => undefined);
    },
    typeset(element, tex, display) {
      if (tex.length > longestChars) return;
      if (katex !== undefined) {
        set(katex, element, tex, display);
        return;
      }
      const show = (): void => element.classList.remove("awaited");
      const loading = open();
      element.classList.add("awaited");
      setTimeout(show, openedMs + longestWaitMs - performance.now());
      loading.then((loaded) => set(loaded, element, tex, display)).then(show, show);
    },
  };
}

function set({ typesetFormula }: Katex, element: HTMLElement, tex: string, display: boolean): void {
  // Another text may have come into its place meanwhile.
  if (element.textContent === tex) typesetFormula(element, tex, display);
}
