import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { mendInline } from "../../src/typewriter/inline/mend-inline.ts";

describe("mending unfinished inline markdown", () => {
  it.each([
    ["A **bo", "A **bo**"],
    ["A **bold*", "A **bold**"],
    ["A **", "A"],
    ["**a *b", "**a *b***"],
    ["**a *b* c", "**a *b* c**"],
    ["`co", "`co`"],
    ["``a`", "``a``"],
    ["`", ""],
    ["[text", "text"],
    ["[text](https://a", "text"],
    ["see ![alt](https", "see"],
    ["~~gone", "~~gone~~"],
    ["a\\", "a"],
    ["AT&am", "AT"],
    ["<https://a.example", "https://a.example"],
    ["<htt", ""],
    ["<me@a", "me@a"],
    ["*a *", "*a*"],
    ["so \\[", "so"],
    ["[a](https://x.example/y_(z)", "a"],
    ['[a](https://x.example "T) u', "a"],
    ["[a](<https://x.example/y z", "a"],
    ["[a [b] c", "a [b] c"],
    ["[![", ""],
    ["[this][la", "this"],
  ])("%j is shown as %j", (text, shown) => {
    expect(mendInline(text)).toBe(shown);
  });

  it.each([
    "snake_case",
    "2 * 3",
    "array[0]",
    "said [1]",
    "a ~ b",
    "1 < 2",
    "a <b",
    "**done** and",
    "[a](b) c",
    "[a](b c",
    "Hello!",
  ])("%j is left as it is", (text) => {
    expect(mendInline(text)).toBe(text);
  });

  it("takes any text, and adds no more than markers", () => {
    fc.assert(
      fc.property(fc.string({ unit: fc.constantFrom(..."ab *_~`[]()!\\<&\n".split("")), maxLength: 80 }), (text) => {
        expect(mendInline(text).length).toBeLessThanOrEqual(text.length * 2);
      }),
    );
  });
});
