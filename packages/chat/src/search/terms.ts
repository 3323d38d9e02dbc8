/**
 * Text -> the terms that stand for it in the index of conversations, question -> the terms that are looked for. The same terms for
 * every database: folded words without accents, and pairs of characters where a script has no spaces. Used by store/search and
 * snippet.ts.
 */
import { toPairs } from "./pairs.ts";

export interface Term {
  term: string;
  /** Where it stands in the text, in UTF-16 units. */
  from: number;
  to: number;
}

export interface QueryTerm {
  term: string;
  /** Whatever begins so is meant, too. */
  prefix: boolean;
}

/** What stands after them in a text is not found. */
const maxIndexedChars = 100_000;
/** A database takes no term of any length. */
const maxTermChars = 64;
const maxQueryTerms = 32;

/** Scripts without spaces between words; Korean has them, but also endings that change with the sentence. */
const unspaced =
  "\\p{Script=Han}\\p{Script=Hiragana}\\p{Script=Katakana}\\p{Script=Hangul}\\p{Script=Thai}\\p{Script=Lao}\\p{Script=Khmer}\\p{Script=Myanmar}ー々";
const wordOrRun = new RegExp(`([${unspaced}]+)|[[\\p{L}\\p{N}\\p{M}]--[${unspaced}]]+`, "gv");
/** Of Latin, Greek and Cyrillic letters; marks of other scripts say which letter it is. */
const accents = /[\u0300-\u036f]/g;
/** Letters that Unicode does not take apart. */
const plainLetters: Readonly<Record<string, string>> = {
  ß: "ss",
  æ: "ae",
  œ: "oe",
  ø: "o",
  đ: "d",
  ł: "l",
  ı: "i",
};
const unplain = new RegExp(`[${Object.keys(plainLetters).join("")}]`, "g");

function fold(text: string): string {
  return (
    text
      .normalize("NFKD")
      .replace(accents, "")
      .toLowerCase()
      .replace(unplain, (letter) => plainLetters[letter] ?? letter)
      .normalize("NFKC")
      // Taken apart, some letters leave a space or a sign, which would end the term.
      .replace(/[^\p{L}\p{N}\p{M}]+/gu, "")
  );
}

const foldWord = (word: string): string => fold(word).slice(0, maxTermChars).toWellFormed();

/** Terms in their order. The last character of a run is one by itself, so that each can be looked for alone. */
export function toTerms(text: string): Term[] {
  const terms: Term[] = [];
  for (const { 0: found, 1: run, index } of text.slice(0, maxIndexedChars).matchAll(wordOrRun)) {
    if (run === undefined) {
      terms.push({ term: foldWord(found), from: index, to: index + found.length });
      continue;
    }
    const characters = Array.from(run);
    let from = index;
    for (const [place, pair] of [...toPairs(characters), characters.at(-1) ?? ""].entries()) {
      terms.push({ term: fold(pair), from, to: from + pair.length });
      from += characters[place]?.length ?? 0;
    }
  }
  return terms.filter(({ term }) => term !== "");
}

/** All have to be found; the last word may still be being typed. */
export function toQueryTerms(question: string): QueryTerm[] {
  const found = [...question.matchAll(wordOrRun)];
  const terms = found.flatMap(({ 0: word, 1: run }, index): QueryTerm[] => {
    if (run === undefined) return [{ term: foldWord(word), prefix: index === found.length - 1 }];
    const characters = Array.from(run);
    if (characters.length === 1) return [{ term: fold(run), prefix: true }];
    return toPairs(characters).map((pair) => ({ term: fold(pair), prefix: false }));
  });
  const unique = new Map(terms.filter(({ term }) => term !== "").map((term) => [`${term.term} ${term.prefix}`, term]));
  return [...unique.values()].slice(0, maxQueryTerms);
}

export function isMatch(term: string, queryTerms: readonly QueryTerm[]): boolean {
  return queryTerms.some((wanted) => (wanted.prefix ? term.startsWith(wanted.term) : term === wanted.term));
}
