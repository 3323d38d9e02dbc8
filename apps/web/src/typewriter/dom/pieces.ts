/**
 * Cuts a very long text into pieces that are read one by one, so that what a frame costs has a bound. Where a piece ends
 * depends only on the text up to there: it stays, however the text goes on. Called by inline-view.ts.
 */

const shortestChars = 4000;
/** It ends at the next white space; where none comes, so many characters later. */
const longestRest = 500;
const longestMarkedRest = 100;
/** Text that is thick with marks makes many elements of few characters: so many marks end a piece as well. */
const mostMarks = 400;
const marks = /[*_~`[\]!<&$\\]/gu;

/** @returns where the piece that begins at `from` ends; undefined while it can grow. */
export function pieceEnd(text: string, from: number): number | undefined {
  const marked = lengthOfMarks(text, from);
  const atLeast = from + Math.min(shortestChars, marked);
  if (text.length <= atLeast) return undefined;
  const atMost = atLeast + (marked < shortestChars ? longestMarkedRest : longestRest);
  const space = text.slice(atLeast, atMost).search(/\s/u);
  const end = space === -1 ? atMost : atLeast + space + 1;
  if (end >= text.length) return undefined;
  return isHalfCharacter(text, end) ? end + 1 : end;
}

/** @returns how many characters hold as many marks as a piece may have. */
function lengthOfMarks(text: string, from: number): number {
  if (text.length - from <= mostMarks) return Number.POSITIVE_INFINITY;
  let count = 0;
  for (const { index } of text.slice(from, from + shortestChars).matchAll(marks)) {
    count += 1;
    if (count === mostMarks) return index + 1;
  }
  return Number.POSITIVE_INFINITY;
}

function isHalfCharacter(text: string, at: number): boolean {
  const unit = text.charCodeAt(at);
  return unit >= 0xdc00 && unit <= 0xdfff;
}
