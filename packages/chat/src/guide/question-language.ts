/** Which documentation answers a question: decided by its script and its small words alone. Called by answer.ts. */
import type { GuideLanguage } from "./language.ts";
import { isStopWord } from "./stop-words.ts";

const han = /\p{Script=Han}/u;
/** Han characters beside these belong to Japanese or Korean, which the Chinese pages would not serve. */
const kanaOrHangul = /[\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Hangul}]/u;
const words = /\p{Script=Latin}+|(?:(?!\p{Script=Latin})\p{L})+/gu;
const latin = /^\p{Script=Latin}/u;

/** Small words of other languages in Latin letters that are no words of English questions or of computing. */
const foreignWords: ReadonlySet<string> = new Set(
  (
    "ist sind wie wo warum wer welche welches ich nicht ein eine einen mein meine meinen meiner das der und für mit auf kann können wird werden muss gibt geht " +
    "le les une des du est sont je mon mes ma où pourquoi quoi quel quelle avec dans sur cette puis peut faire que qui un " +
    "el los una qué cómo cuál dónde mis puedo hago esto está por para del " +
    "il è perché mio mia posso dove sono questo quale " +
    "como uma meu minha meus onde isto você não é het een hoe waar mijn kan ik niet"
  ).split(" "),
);
/** Words of English that other languages have as well: they speak for neither. */
const sharedWords: ReadonlySet<string> = new Set("was so in an on as am a i do no me come".split(" "));

/** @returns `undefined` for a question in a language that the documentation is not written in. */
export function questionLanguage(question: string): GuideLanguage | undefined {
  if (han.test(question) && !kanaOrHangul.test(question)) return "zh-CN";
  let foreign = 0;
  let english = 0;
  for (const [word] of question.normalize("NFKC").toLowerCase().matchAll(words)) {
    if (!latin.test(word) || foreignWords.has(word)) foreign += 1;
    else if (isStopWord(word) && !sharedWords.has(word) && word !== "typebar") english += 1;
  }
  return foreign > english ? undefined : "en";
}
