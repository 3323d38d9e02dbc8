/** Sections -> an in-memory full-text index; terms -> the sections that cover them. Called by answer.ts. */
import { DatabaseSync } from "node:sqlite";
import type { StatementSync } from "node:sqlite";
import type { GuideLanguage } from "./language.ts";
import type { GuideSection } from "./sections.ts";
import { toIndexText } from "./tokens.ts";
import type { QueryTerm } from "./tokens.ts";

export interface SearchHit {
  section: GuideSection;
  /** Share of the question's terms that the section covers, rare terms weighing more: 0 to 1. */
  coverage: number;
  /** BM25 turned positive, times coverage, more for a page's beginning: orders hits, means nothing by itself. */
  score: number;
}

export interface SearchIndex {
  /** Best first, at most `limit`; none for no terms. */
  search(terms: readonly QueryTerm[], language: GuideLanguage, limit: number): SearchHit[];
  /** What stands below the first heading of the page at `path`. */
  pageStart(path: string): GuideSection | undefined;
  close(): void;
}

/** A word in the heading, or among the keywords, says more about a section than one in its text. */
const columnWeights = { pageTitle: 2, heading: 5, keywords: 5, body: 1 };
/** BM25 favours short sections; a question about the page as a whole is for its beginning. */
const pageStartFactor = 1.5;
/** What a term counts that the section lacks but its page holds: the page is about it. */
const onPageOnly = 0.6;

/** How much a term says: the rarer among the sections, the more; one the documentation lacks counts as rare. */
function termWeight(sectionCount: number, found: number): number {
  return Math.log(1 + sectionCount / Math.max(found, 3));
}

export function createSearchIndex(sections: readonly GuideSection[]): SearchIndex {
  const database = new DatabaseSync(":memory:");
  database.exec(
    "CREATE VIRTUAL TABLE sections USING fts5(pageTitle, heading, keywords, body, language UNINDEXED, tokenize = 'porter unicode61')",
  );
  const insert = database.prepare(
    "INSERT INTO sections (rowid, pageTitle, heading, keywords, body, language) VALUES (?, ?, ?, ?, ?, ?)",
  );
  database.exec("BEGIN");
  for (const [index, { pageTitle, heading, keywords, body, language }] of sections.entries()) {
    const columns = [pageTitle, heading, keywords, body].map(toIndexText);
    insert.run(index, ...columns, language);
  }
  database.exec("COMMIT");
  const { pageTitle, heading, keywords, body } = columnWeights;
  const ranked = database.prepare(
    `SELECT rowid, -bm25(sections, ${pageTitle}, ${heading}, ${keywords}, ${body}) AS rank
     FROM sections WHERE sections MATCH ? AND language = ?`,
  );
  return {
    search: (terms, language, limit) => search({ ranked, sections, terms, language }).slice(0, limit),
    pageStart: (path) => sections.find((section) => section.path === path && section.fragment === ""),
    close: () => database.close(),
  };
}

interface SearchInput {
  ranked: StatementSync;
  sections: readonly GuideSection[];
  terms: readonly QueryTerm[];
  language: GuideLanguage;
}

/** Runs one match; `rowid` is the section's place in the array. */
function matches({ ranked, language }: SearchInput, literals: readonly string[]): Map<number, number> {
  const rows = ranked.all(literals.join(" OR "), language);
  return new Map(rows.map((row) => [Number(row["rowid"]), Number(row["rank"])]));
}

interface FoundTerm {
  term: QueryTerm;
  rows: ReadonlySet<number>;
  /** Pages of the rows. */
  pages: ReadonlySet<string | undefined>;
  weight: number;
}

/**
 * Terms that count for and against: an unknown Han pair beside a known one most likely spans two words of the question
 * and is no word at all, and a lone character says nothing beside other terms.
 */
function countedTerms(found: readonly FoundTerm[]): FoundTerm[] {
  const hasStrong = found.some(({ term }) => !term.weak);
  return found.filter(({ term, rows }, index) => {
    if (term.weak) return rows.size > 0 && !hasStrong;
    if (rows.size > 0) return true;
    const previousKnown = term.overlapsPrevious && (found[index - 1]?.rows.size ?? 0) > 0;
    const next = found[index + 1];
    const nextKnown = next !== undefined && next.term.overlapsPrevious && next.rows.size > 0;
    return !previousKnown && !nextKnown;
  });
}

function search(input: SearchInput): SearchHit[] {
  const { sections, terms, language } = input;
  const sectionCount = sections.filter((section) => section.language === language).length;
  const found = countedTerms(
    terms.map((term) => {
      const rows = new Set(matches(input, [term.literal]).keys());
      const pages = new Set(Array.from(rows, (row) => sections[row]?.path));
      return { term, rows, pages, weight: termWeight(sectionCount, rows.size) };
    }),
  );
  if (found.length === 0) return [];
  const totalWeight = found.reduce((sum, { weight }) => sum + weight, 0);
  const literals = found.map(({ term }) => term.literal);
  const hits: SearchHit[] = [];
  for (const [row, rank] of matches(input, literals)) {
    const section = sections[row];
    if (section === undefined) continue;
    const covered = found.reduce((sum, { rows, pages, weight }) => {
      if (rows.has(row)) return sum + weight;
      return pages.has(section.path) ? sum + weight * onPageOnly : sum;
    }, 0);
    const coverage = covered / totalWeight;
    const factor = section.fragment === "" ? pageStartFactor : 1;
    hits.push({ section, coverage, score: rank * coverage * factor });
  }
  return hits.sort((a, b) => b.score - a.score);
}
