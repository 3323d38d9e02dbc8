/**
 * Recognizes text that is one code block without its end, so that a long listing is not parsed anew with each frame.
 * Called by renderer.ts.
 */

export interface OpenFence {
  language: string;
  text: string;
}

const opening = /^(`{3,}|~{3,})([^\n]*)\n/u;

/** @returns undefined unless `source` begins, at its first column, with a fence that no later line can be closing. */
export function openFence(source: string): OpenFence | undefined {
  const match = opening.exec(source);
  const [whole, marker, info] = match ?? [];
  if (whole === undefined || marker === undefined || info === undefined) return undefined;
  // A backtick in the info string makes it inline code; entities and escapes are left to the parser.
  if (/[`&\\]/u.test(info)) return undefined;
  const text = source.slice(whole.length);
  if (mayClose(text, marker)) return undefined;
  return { language: info.trim().split(/[\s{]/u)[0] ?? "", text };
}

function mayClose(text: string, marker: string): boolean {
  let at = text.indexOf(marker);
  while (at !== -1) {
    const lineStart = text.lastIndexOf("\n", at - 1) + 1;
    if (text.slice(at === 0 ? 0 : lineStart, at).trim() === "") return true;
    at = text.indexOf(marker, at + marker.length);
  }
  return false;
}
