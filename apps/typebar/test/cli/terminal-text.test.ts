/** What a terminal, and what a pipe, is given of a text that somebody else wrote. */
import { describe, expect, it } from "vitest";
import { createTextFilter, toTerminalText } from "../../src/cli/terminal-text.ts";

/** The text in pieces, through the filter. */
function filtered(forTerminal: boolean, pieces: string[]): string[] {
  const filter = createTextFilter(forTerminal);
  return [...pieces.map((piece) => filter.push(piece)), filter.flush()];
}

describe("text for a terminal", () => {
  it("holds no escape sequence that the terminal would obey", () => {
    expect(toTerminalText("\u001B]52;c;ZXZpbA==\u0007 \u009B2J \u007F\b\u0000")).toBe("␛]52;c;ZXZpbA==␇ \uFFFD2J ␡␈␀");
  });

  it("keeps tabs, line ends, and any script", () => {
    expect(toTerminalText("a\tb\r\nc\n你好 👨‍👩‍👧‍👦 שלום")).toBe("a\tb\nc\n你好 👨‍👩‍👧‍👦 שלום");
  });

  it("shows a carriage return that ends no line, which would hide the line before it", () => {
    expect(toTerminalText("safe\rEVIL")).toBe("safe␍EVIL");
  });

  it("takes a line end that came in two pieces for one", () => {
    expect(filtered(true, ["a\r", "\nb\r", "c\r"])).toEqual(["a", "\nb", "␍c", "␍"]);
  });
});

describe("text for a pipe", () => {
  it("is exact", () => {
    expect(filtered(false, ["\u001B[2J\r", "\nb\u0000", "\r"]).join("")).toBe("\u001B[2J\r\nb\u0000\r");
  });

  it("holds no half of a character that came in two pieces", () => {
    expect(filtered(false, ["a\uD83D", "\uDC4D", "b"])).toEqual(["a", "👍", "b", ""]);
  });
});
