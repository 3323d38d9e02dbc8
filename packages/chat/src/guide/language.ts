/** Which documentation answers a question: decided by its script alone. Called by answer.ts. */

export type GuideLanguage = "en" | "zh-CN";

export const guideLanguages: readonly GuideLanguage[] = ["en", "zh-CN"];

const han = /\p{Script=Han}/u;
/** Han characters beside these belong to Japanese or Korean, which the Chinese pages would not serve. */
const kanaOrHangul = /[\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Hangul}]/u;

export function questionLanguage(question: string): GuideLanguage {
  return han.test(question) && !kanaOrHangul.test(question) ? "zh-CN" : "en";
}
