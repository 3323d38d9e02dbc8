/** `[^label]` in a text. A rule of the inline parser; see markdown.ts. */

import type { StateInline } from "markdown-it";

/** A label that is a number is a footnote even before its text has come; another one could be part of a pattern. */
const footnoteMark = /^\[\^(?:(\d{1,4})|([^\]\s^[]{1,100}))\]/u;

export function readFootnoteMark(state: StateInline, silent: boolean): boolean {
  if (state.src.charAt(state.pos) !== "[" || state.src.charAt(state.pos + 1) !== "^") return false;
  const match = footnoteMark.exec(state.src.slice(state.pos, state.pos + 104));
  if (match === null) return false;
  const label = match[1] ?? match[2] ?? "";
  const known = state.env["footnotes"] as ReadonlySet<string> | undefined;
  if (match[1] === undefined && known?.has(label) !== true) return false;
  if (!silent) state.push("footnote_mark", "", 0).content = label;
  state.pos += match[0].length;
  return true;
}
