import { describe, expect, test } from "vitest";
import { titleOf } from "../../src/store/title.ts";

describe("title of a conversation", () => {
  test.each([
    ["is the first line with words in it", " \n\t\n  How are   you?\nsecond", "How are you?"],
    ["holds no control characters", "a\0b\u0007c\u0085d", "a b c d"],
    ["is empty where there are no words", "\0\n \u0001", ""],
    ["is cut at a word", `${"word ".repeat(20)}end`, `${"word ".repeat(11)}word…`],
    ["is cut anywhere where there are no words to cut at", "字".repeat(100), `${"字".repeat(60)}…`],
    ["keeps what is seen as one character whole", "👩‍👩‍👧‍👦".repeat(61), `${"👩‍👩‍👧‍👦".repeat(60)}…`],
  ])("%s", (_name, text, title) => {
    expect(titleOf(text)).toBe(title);
  });

  test("is well-formed where one character of a thousand parts is cut", () => {
    expect(titleOf(`a${"\u{1D165}".repeat(600)}`).isWellFormed()).toBe(true);
  });
});
