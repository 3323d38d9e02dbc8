/** A long text -> pieces that each fit one chunk. Used where chunks are made. */

/** Whatever the characters, so many take less than 32 KiB of JSON. */
const maxPieceChars = 5000;

/** Pieces in order, none of them in the middle of a surrogate pair; none for the empty text. */
export function splitText(text: string): string[] {
  const pieces: string[] = [];
  for (let from = 0; from < text.length;) {
    let to = Math.min(from + maxPieceChars, text.length);
    const last = text.charCodeAt(to - 1);
    if (to < text.length && last >= 0xd800 && last <= 0xdbff) to -= 1;
    pieces.push(text.slice(from, to));
    from = to;
  }
  return pieces;
}
