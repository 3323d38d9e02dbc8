/**
 * Text -> what the index holds, question -> what the index is asked. Called by search-index.ts and answer.ts.
 * FTS5's own tokenizers find nothing for a Chinese word of two characters, so Han text goes in, and is asked for, as
 * overlapping pairs of characters that are made here.
 */
import { toPairs } from "../search/pairs.ts";
import type { GuideLanguage } from "./language.ts";
import { isStopWord, stopPhrases } from "./stop-words.ts";

/** One thing a question asks about. */
export interface QueryTerm {
  /** An FTS5 string literal, quoted here: nothing of the question reaches the query language but its words. */
  literal: string;
  /** A Han pair that shares a character with the term before it: one of the two may span two words. */
  overlapsPrevious: boolean;
  /** A lone Han character: says something only where nothing else does. */
  weak: boolean;
}

/** A longer question is cut: its first terms say what it is about. */
const maxQueryTerms = 40;
const maxQuestionLength = 2_000;

const run = /\p{Script=Han}+|[^\P{L}\p{Script=Han}]+|\p{N}+/gu;
/** Latin runs as people write names: `Last-Event-ID`, `0.0.0.0`, `TYPEBAR_DATA` are one term each. */
const wordOrHan =
  /\p{Script=Han}+|(?:(?!\p{Script=Han})[\p{L}\p{N}])+(?:[-._:/](?:(?!\p{Script=Han})[\p{L}\p{N}])+)*/gu;
const hanRun = /^\p{Script=Han}+$/u;
const hanWords = new Intl.Segmenter("zh-CN", { granularity: "word" });

/** The text an index column holds: lower case, Han runs as pairs. */
export function toIndexText(text: string): string {
  return Array.from(text.normalize("NFKC").toLowerCase().matchAll(run), ([token]) =>
    hanRun.test(token) && Array.from(token).length > 1 ? toPairs(Array.from(token)).join(" ") : token,
  ).join(" ");
}

function latinTerm(word: string): QueryTerm[] {
  const text = toIndexText(word);
  if (text.length < 2 || isStopWord(word)) return [];
  return [{ literal: `"${text}"`, overlapsPrevious: false, weak: false }];
}

/** Pairs of what is left of a Han run when its stop words are taken out. */
function hanTerms(han: string): QueryTerm[] {
  const kept = Array.from(hanWords.segment(han), ({ segment }) => (isStopWord(segment) ? " " : segment)).join("");
  return kept.split(/ +/u).flatMap((part): QueryTerm[] => {
    if (part === "") return [];
    const pairs = toPairs(Array.from(part));
    // In running text a lone character begins any number of words; where it is a heading's or a keyword's, it is meant.
    if (pairs.length === 0)
      return [{ literal: `{heading keywords} : "${part}"*`, overlapsPrevious: false, weak: true }];
    return pairs.map((pair, index) => ({ literal: `"${pair}"`, overlapsPrevious: index > 0, weak: false }));
  });
}

/** What a question asks about, in its order, without the words every question holds. */
export function toQueryTerms(question: string, language: GuideLanguage): QueryTerm[] {
  let text = question.slice(0, maxQuestionLength).normalize("NFKC").toLowerCase();
  for (const phrase of stopPhrases(language)) text = text.replaceAll(phrase, " ");
  const terms: QueryTerm[] = [];
  for (const [token] of text.matchAll(wordOrHan))
    terms.push(...(hanRun.test(token) ? hanTerms(token) : latinTerm(token)));
  const seen = new Set<string>();
  const unique = terms.filter(({ literal }) => !seen.has(literal) && seen.add(literal));
  return unique.slice(0, maxQueryTerms);
}
