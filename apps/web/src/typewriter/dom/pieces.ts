/**
 * Cuts a very long text into pieces that are read one by one, so that what a frame costs has a bound. Where a piece ends
 * depends only on the text up to there: it stays, however the text goes on. Called by inline-view.ts.
 */

const shortestChars = 4000;
/** A piece ends at white space; where none comes, here. */
const longestChars = 6000;

/** @returns where the piece that begins at `from` ends; undefined while it can grow. */
export function pieceEnd(text: string, from: number): number | undefined {
  if (text.length - from <= shortestChars) return undefined;
  const space = text.slice(from + shortestChars, from + longestChars).search(/\s/u);
  const end = space === -1 ? from + longestChars : from + shortestChars + space + 1;
  if (end >= text.length) return undefined;
  return isHalfCharacter(text, end) ? end + 1 : end;
}

function isHalfCharacter(text: string, at: number): boolean {
  const unit = text.charCodeAt(at);
  return unit >= 0xdc00 && unit <= 0xdfff;
}
