/** What is taken of a model's answer for a title. */
import { describe, expect, test } from "vitest";
import { parseTitle, toTitlePrompt } from "../../src/titles/title-prompt.ts";

describe("a title", () => {
  test.each([
    ["Why the Sky Is Blue", "Why the Sky Is Blue"],
    ['"Why the sky is blue."', "Why the sky is blue"],
    ["\n\n  **Title: Blue skies**\n\nBecause…", "Blue skies"],
    ["# Blue skies", "Blue skies"],
    ["标题：《天空为什么是蓝色的》", "天空为什么是蓝色的"],
    ["「青い空」", "青い空"],
    ["“Warum ist der Himmel blau?”", "Warum ist der Himmel blau?"],
    ["C++ and\tC#", "C++ and C#"],
    ["a\u0000b\u0007c", "a b c"],
    ["👩‍🚀 in space", "👩‍🚀 in space"],
  ])("is taken of %j", (said, title) => expect(parseTitle(said)).toBe(title));

  test.each(["", " \n\t", '""', "***", "word ".repeat(13), "x".repeat(81), "\u0000"])("is not %j", (said) =>
    expect(parseTitle(said)).toBeUndefined(),
  );
});

test("the prompt holds the beginning of question and answer, and is well-formed", () => {
  const prompt = toTitlePrompt(`why ${"👩".repeat(2000)}`, "because");
  expect(prompt).toContain("<answer>\nbecause\n</answer>");
  expect(prompt).toContain("<question>\nwhy 👩");
  expect(prompt.length).toBeLessThan(3000);
  expect(prompt.isWellFormed()).toBe(true);
});
