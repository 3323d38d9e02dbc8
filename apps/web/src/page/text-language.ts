/**
 * Whether a text is Chinese: it is then set with more room between its lines, in Chinese shapes, and read out by a
 * Chinese voice, whatever language the page speaks. Used by components/MessageUser.vue and TranscriptView.vue.
 */

/** @returns for the `lang` attribute; undefined where nothing is to be said. */
export function languageOf(text: string): "zh" | undefined {
  // Japanese and Korean use Chinese characters, too.
  if (/[\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Hangul}]/u.test(text)) return undefined;
  const characters = text.match(/\p{Script=Han}/gu)?.length ?? 0;
  const words = text.match(/[\p{L}--\p{Script=Han}]+/gv)?.length ?? 0;
  return characters > 0 && characters >= words ? "zh" : undefined;
}
