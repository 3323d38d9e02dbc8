/** The only file that knows KaTeX; loaded lazily by typesetter.ts. */

import { render } from "katex";
import "katex/dist/katex.min.css";

/** KaTeX builds nodes and sets their styles one by one, which the security policy allows. */
export function typesetFormula(element: HTMLElement, tex: string, display: boolean): void {
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
