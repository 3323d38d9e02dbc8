/** Which terms stand for a text, and where: the same whatever the database. */
import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { toSnippet } from "../../src/search/snippet.ts";
import { isMatch, toQueryTerms, toTerms } from "../../src/search/terms.ts";

/** Whether a text is found by a question. */
function finds(question: string, text: string): boolean {
  const terms = toTerms(text).map(({ term }) => term);
  const wanted = toQueryTerms(question);
  return wanted.length > 0 && wanted.every((one) => terms.some((term) => isMatch(term, [one])));
}

describe("a text", () => {
  test.each([
    ["Crème Brûlée", "creme brulee"],
    ["creme brulee", "CRÈME BRÛLÉE"],
    ["Straße", "STRASSE"],
    ["Ångström Łódź Øre", "angstrom lodz ore"],
    ["Việt Nam", "viet nam"],
    ["ﬁle ＡＢＣ１２３", "file abc123"],
    ["İstanbul ılık", "istanbul ilik"],
    ["Last-Event-ID", "event last"],
    ["TYPEBAR_DATA=./data", "typebar data"],
    ["the quick brown fox", "bro"],
    ["the quick brown fox", "quick br"],
    ["数据库的备份", "备份"],
    ["数据库的备份", "数据库"],
    ["数据库的备份", "数"],
    ["数据库的备份", "份"],
    ["用 Docker 部署服务器", "docker部署"],
    ["ひらがなとカタカナ", "カタ"],
    ["データベース", "ベース"],
    ["서버는 어디에 있나요", "서버"],
    ["ภาษาไทยง่าย", "ไทย"],
    ["हिन्दी भाषा", "हिन्दी"],
    ["привет, мир", "МИР"],
    ["שלום עולם", "עולם"],
    ["𠮷野家", "野家"],
  ])("%j is found by %j", (text, question) => expect(finds(question, text)).toBe(true));

  test.each([
    ["the quick brown fox", "ro"],
    ["the quick brown fox", "bro quick"],
    ["the quick brown fox", "fox cat"],
    ["数据库的备份", "备库"],
    ["हिन्दी", "हन्द"],
    ["anything", "…!?"],
    ["anything", ""],
  ])("%j is not found by %j", (text, question) => expect(finds(question, text)).toBe(false));

  test("is found by any of its own words, whole and as a beginning, wherever they stand", () => {
    fc.assert(
      fc.property(fc.string({ unit: "grapheme", maxLength: 60 }), (text) => {
        for (const { term, from, to } of toTerms(text)) {
          expect(text.slice(from, to)).not.toBe("");
          expect(toTerms(text.slice(from, to)).some((again) => again.term === term)).toBe(true);
          expect(term).not.toMatch(/[\s\p{Cc}]/u);
        }
        for (const word of text.split(/[^\p{L}\p{N}\p{M}]+/u)) {
          if (toQueryTerms(word).length > 0) expect(finds(word, text)).toBe(true);
        }
      }),
    );
  });
});

const snippetOf = (text: string, question: string): { snippet: string; marked: string[] } => {
  const { snippet, matches } = toSnippet(text, toQueryTerms(question));
  return { snippet, marked: matches.map(([from, to]) => snippet.slice(from, to)) };
};

describe("a snippet", () => {
  test("says where the words are, and joins pairs that touch", () => {
    expect(snippetOf("Back up the data.\nThen *restore* the backup.", "BACK data")).toEqual({
      snippet: "Back up the data. Then *restore* the backup.",
      marked: ["Back", "data"],
    });
    expect(snippetOf("如何备份数据库？备份很简单。", "数据库").marked).toEqual(["数据库"]);
    expect(snippetOf("Crème brûlée", "creme b").marked).toEqual(["Crème", "brûlée"]);
  });

  test("of a long text is a part of it, with the first hit in it", () => {
    const text = `${"word ".repeat(1000)}needle ${"word ".repeat(1000)}`;
    const { snippet, marked } = snippetOf(text, "needle");
    expect(marked).toEqual(["needle"]);
    expect(snippet).toMatch(/^…(word )+needle (word )+\S*…$/u);
    expect(snippet.length).toBeLessThan(210);
  });

  test("is well-formed plain text of one line, with marks that lie in it, whatever was stored", () => {
    fc.assert(
      fc.property(
        fc.string({ unit: "binary", maxLength: 500 }),
        fc.string({ unit: "grapheme", minLength: 1, maxLength: 4 }),
        (text, question) => {
          const { snippet, matches } = toSnippet(text, toQueryTerms(question));
          expect(snippet.isWellFormed()).toBe(true);
          expect(snippet).not.toMatch(/[\n\r\0]/u);
          let end = -1;
          for (const [from, to] of matches) {
            expect(from).toBeGreaterThan(end);
            expect(to).toBeGreaterThan(from);
            end = to;
          }
          expect(end).toBeLessThanOrEqual(snippet.length);
        },
      ),
    );
  });
});
