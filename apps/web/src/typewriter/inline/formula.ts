/** `$x$`, `$$x$$`, `\(x\)` and `\[x\]` in a text. A rule of the inline parser; see markdown.ts. */

import type { StateInline } from "markdown-it";

export interface Formula {
  tex: string;
  display: boolean;
  /** Characters it takes with its marks. */
  length: number;
}

/** A longer one is none: a `$` without its other half must not search the whole text each time. */
const longestChars = 2000;

export function readFormula(state: StateInline, silent: boolean): boolean {
  const formula = formulaAt(state.src, state.pos);
  if (formula === undefined) return false;
  if (!silent) {
    const token = state.push("formula", "", 0);
    token.content = formula.tex;
    token.markup = formula.display ? "display" : "";
  }
  state.pos += formula.length;
  return true;
}

export function formulaAt(text: string, at: number): Formula | undefined {
  const first = text.charAt(at);
  if (first === "\\") {
    const closing = { "(": "\\)", "[": "\\]" }[text.charAt(at + 1)];
    return closing === undefined ? undefined : between(text, at, 2, closing);
  }
  if (first !== "$") return undefined;
  if (text.charAt(at + 1) === "$") return between(text, at, 2, "$$");
  // Amounts of money: `$5 and $10` has a space before the second mark, `$5-$10` a digit behind it.
  const formula = /\s/u.test(text.charAt(at + 1)) ? undefined : between(text, at, 1, "$");
  if (formula === undefined || /\s$/u.test(formula.tex) || /\n\n/u.test(formula.tex)) return undefined;
  return /[\p{L}\d]/u.test(text.charAt(at + formula.length)) ? undefined : formula;
}

function between(text: string, at: number, marks: number, closing: string): Formula | undefined {
  const end = text.slice(at + marks, at + marks + longestChars).indexOf(closing);
  if (end < 1) return undefined;
  const tex = text.slice(at + marks, at + marks + end);
  if (tex.trim() === "") return undefined;
  return { tex, display: closing === "$$" || closing === "\\]", length: marks + end + closing.length };
}
