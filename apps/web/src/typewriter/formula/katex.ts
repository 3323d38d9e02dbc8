/** The only file that knows KaTeX; loaded lazily by typesetter.ts. */

import { render } from "katex";
import "katex/dist/katex.min.css";

/** What nearly every formula is made of; a browser would load them when the first one stands there, and set it twice. */
const usualFonts = ["1em KaTeX_Main", "italic 1em KaTeX_Math", "1em KaTeX_Size1", "1em KaTeX_Size2"];

export type SetFormula = (element: HTMLElement, tex: string, display: boolean) => void;

/** Where a font cannot be loaded, the browser takes another. */
export async function openKatex(fonts: FontFaceSet): Promise<SetFormula> {
  await Promise.allSettled(usualFonts.map((font) => fonts.load(font)));
  return typesetFormula;
}

/** KaTeX builds nodes and sets their styles one by one, which the security policy allows. */
function typesetFormula(element: HTMLElement, tex: string, display: boolean): void {
  const { ownerDocument } = element;
  const shown = ownerDocument.createElement("span");
  try {
    render(tex, shown, {
      displayMode: display,
      throwOnError: true,
      strict: "ignore",
      trust: false,
      maxExpand: 200,
      maxSize: 20,
    });
  } catch {
    element.classList.add("unreadable");
    return;
  }
  element.replaceChildren(...shown.childNodes);
}
