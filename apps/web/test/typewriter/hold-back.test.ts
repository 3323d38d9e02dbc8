import { describe, expect, it } from "vitest";
import { createBase } from "../../src/typewriter/blocks/block.ts";
import type { Block } from "../../src/typewriter/blocks/block.ts";
import { isHeldBack, withoutTableHead } from "../../src/typewriter/blocks/hold-back.ts";

const paragraph: Block = { ...createBase(), kind: "paragraph" };
const code: Block = { ...createBase(), kind: "fence", language: "", character: "`", length: 3, indent: 0 };

describe("what is held back at the end", () => {
  it.each([
    "-",
    "- ",
    "*",
    "**",
    "#",
    "## ",
    "1",
    "12.",
    "12. ",
    ">",
    "> - ",
    "```",
    "```js",
    "~~~",
    "---",
    "===",
    "- `",
    "  *",
    "$",
    "$$",
    "\\[",
    "[^1",
    "[^1]:",
  ])("%j may become a marker", (line) => {
    expect(isHeldBack(line, paragraph)).toBe(true);
  });

  it.each(["a", "- a", "# a", "12 a", "> a", "1.5 times", "`code"])("%j is text already", (line) => {
    expect(isHeldBack(line, paragraph)).toBe(false);
  });

  it("in code it is nothing but the end of the code", () => {
    expect(["`", "```", "-", "1.", "#"].map((line) => isHeldBack(line, code))).toEqual([
      true,
      true,
      false,
      false,
      false,
    ]);
  });

  it.each([
    ["| a |", ""],
    ["intro\n| a |", "intro"],
    ["| a |\n|--", ""],
    ["| a |\nno table", "| a |\nno table"],
    ["a | b", "a | b"],
    ["a | b\n--|", "a | b"],
    ["a\n--|", "a\n--|"],
  ])("of %j it shows %j until the table is certain", (paragraph, shown) => {
    expect(withoutTableHead(paragraph)).toBe(shown);
  });

  it("looks once at a long run of spaces", () => {
    const paragraph = `| a |\n${" ".repeat(400_000)}no table`;
    expect(withoutTableHead(paragraph)).toBe(paragraph);
  });
});
