/** The pieces an answer is typed in. */
import { describe, expect, it } from "vitest";
import { splitIntoPieces } from "../../src/guide/pieces.ts";

describe("splitIntoPieces", () => {
  it("gives a word with the space after it", () => {
    expect([...splitIntoPieces("Type it  out,\n\nword by word.")]).toEqual([
      "Type ",
      "it  ",
      "out,\n\n",
      "word ",
      "by ",
      "word.",
    ]);
  });

  it("gives Chinese two characters at a time, and Latin between them by the word", () => {
    expect([...splitIntoPieces("打开浏览器，连接 Ollama 模型。\n好")]).toEqual([
      "打开",
      "浏览",
      "器，",
      "连接 ",
      "Ollama ",
      "模型",
      "。\n",
      "好",
    ]);
  });

  it("never divides what is seen as one character", () => {
    const graphemes = ["👩‍👩‍👧", "e\u0301", "🇨🇳", "한", "\r\n", "👍🏽", "葛\u{E0100}", "好"];
    for (const first of graphemes) {
      for (const second of graphemes) {
        const pieces = [...splitIntoPieces(first + second)];
        expect(pieces.join("")).toBe(first + second);
        expect(pieces.every((piece) => [first, second, first + second].includes(piece))).toBe(true);
      }
    }
  });

  it("gives nothing for nothing", () => {
    expect([...splitIntoPieces("")]).toEqual([]);
  });
});
