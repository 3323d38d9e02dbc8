/** An answer's text -> the pieces it is typed in. Called by guide-provider.ts. */

const graphemes = new Intl.Segmenter("en", { granularity: "grapheme" });
const wide = /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Hangul}\u3000-\u303F\uFF00-\uFFEF]/u;
const widePieceLength = 2;

/**
 * A Latin word with the space after it is one piece, so are two wide characters. No grapheme is ever divided, and
 * the pieces joined are the text.
 */
export function* splitIntoPieces(text: string): Generator<string> {
  let piece = "";
  let wideCount = 0;
  let endsInSpace = false;
  for (const { segment } of graphemes.segment(text)) {
    const isWide = wide.test(segment);
    const isSpace = /^\s/u.test(segment);
    const fits = isWide
      ? wideCount > 0 && wideCount < widePieceLength && !endsInSpace
      : isSpace || (wideCount === 0 && !endsInSpace);
    if (!fits && piece !== "") {
      yield piece;
      piece = "";
      wideCount = 0;
    }
    piece += segment;
    wideCount += isWide ? 1 : 0;
    endsInSpace = isSpace;
  }
  if (piece !== "") yield piece;
}
