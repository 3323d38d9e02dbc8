/** Whether a text only grew. Used by renderer.ts and typist.ts, each time more of it has come. */

/** `startsWith` compares one character after the other, this compares memory: with a long answer it matters. */
export function beginsWith(text: string, start: string): boolean {
  return text.slice(0, start.length) === start;
}
