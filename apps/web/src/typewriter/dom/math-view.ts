/** A formula that stands by itself. Nothing of it is shown before it is complete. Made by create-view.ts. */

import { createFormula } from "./patch.ts";
import { isFinal } from "./view.ts";
import type { View, ViewContext } from "./view.ts";

export function createMathView(key: string, context: ViewContext): View {
  const element = context.document.createElement("div");
  element.className = "formula-block";
  let shown: string | undefined;
  context.onFormulaBegin();

  return {
    key,
    element,
    show({ block, lineCount }) {
      const tex = isFinal(block, lineCount) ? block.lines.join("\n") : undefined;
      if (tex === shown) return true;
      shown = tex;
      element.replaceChildren();
      if (tex !== undefined) element.append(createFormula({ tex, display: true }, context));
      return true;
    },
    restart: () => undefined,
  };
}
