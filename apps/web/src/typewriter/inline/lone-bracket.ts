/**
 * `[` and `![` with no `]` behind them: text. A rule of the inline parser, before those for links and images, which would
 * look through the rest of the text once for each of them; see markdown.ts.
 */

import type { StateInline } from "markdown-it";

export function readLoneBracket(state: StateInline, silent: boolean): boolean {
  const { src, pos } = state;
  const first = src.charAt(pos);
  if (first !== "[" && !(first === "!" && src.charAt(pos + 1) === "[")) return false;
  if (src.includes("]", pos)) return false;
  if (!silent) state.pending += first;
  state.pos += 1;
  return true;
}
