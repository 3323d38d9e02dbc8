/** `$x$`, `$$x$$`, `\(x\)` and `\[x\]` in a text. A rule of the inline parser; see markdown.ts. */

import type { StateInline } from "markdown-it";

export interface Formula {
  tex: string;
  display: boolean;
  /** Characters it takes with its marks. */
  length: number;
}

/** A longer one is none. */
const longestChars = 2000;

export function readFormula(state: StateInline, silent: boolean): boolean {
  const formula = formulaAt(state.src, state.pos, lackingMarks(state));
  if (formula === undefined) return false;
  if (!silent) {
    const token = state.push("formula", "", 0);
    token.content = formula.tex;
    token.markup = formula.display ? "display" : "";
  }
  state.pos += formula.length;
  return true;
}

/** Closing marks, each with the place from which on it does not come again: so a text is searched for it once. */
export type LackingMarks = Map<string, number>;

export function formulaAt(text: string, at: number, lacking: LackingMarks): Formula | undefined {
  const first = text.charAt(at);
  if (first === "\\") {
    const closing = { "(": "\\)", "[": "\\]" }[text.charAt(at + 1)];
    return closing === undefined ? undefined : between(text, at, closing, lacking);
  }
  if (first !== "$") return undefined;
  if (text.charAt(at + 1) === "$") return between(text, at, "$$", lacking);
  // Amounts of money: `$5 and $10` has a space before the second mark, `$5-$10` a digit behind it.
  const formula = /\s/u.test(text.charAt(at + 1)) ? undefined : between(text, at, "$", lacking);
  if (formula === undefined || /\s$/u.test(formula.tex) || /\n\n/u.test(formula.tex)) return undefined;
  return /[\p{L}\d]/u.test(text.charAt(at + formula.length)) ? undefined : formula;
}

function between(text: string, at: number, closing: string, lacking: LackingMarks): Formula | undefined {
  const start = at + closing.length;
  if (start >= (lacking.get(closing) ?? Number.POSITIVE_INFINITY)) return undefined;
  const end = text.indexOf(closing, start);
  if (end === -1) lacking.set(closing, start);
  if (end <= start || end - start > longestChars) return undefined;
  const tex = text.slice(start, end);
  if (tex.trim() === "") return undefined;
  return { tex, display: closing === "$$" || closing === "\\]", length: end + closing.length - at };
}

/** The parser reads some texts in texts: each has its own marks. */
function lackingMarks({ env, src }: StateInline): LackingMarks {
  const known = env["lackingMarks"] as { src: string; marks: LackingMarks } | undefined;
  if (known?.src === src) return known.marks;
  const marks: LackingMarks = new Map();
  env["lackingMarks"] = { src, marks };
  return marks;
}
