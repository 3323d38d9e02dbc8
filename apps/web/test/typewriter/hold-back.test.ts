import { describe, expect, it } from "vitest";
import { holdBack, withoutTableHead } from "../../src/typewriter/hold-back.ts";
import { openFence } from "../../src/typewriter/open-fence.ts";

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
  ])("%j may become a marker", (line) => {
    expect(holdBack(`text\n${line}`)).toBe("text\n");
  });

  it.each(["a", "- a", "# a", "12 a", "> a", "1.5 times", "`code"])("%j is text already", (line) => {
    expect(holdBack(`text\n${line}`)).toBe(`text\n${line}`);
  });

  it.each([
    ["| a |", ""],
    ["intro\n| a |", "intro"],
    ["| a |\n|--", ""],
    ["| a |\nno table", "| a |\nno table"],
    ["a | b", "a | b"],
  ])("of %j it shows %j until the table is certain", (paragraph, shown) => {
    expect(withoutTableHead(paragraph)).toBe(shown);
  });

  it("looks once at a long run of spaces", () => {
    const paragraph = `| a |\n${" ".repeat(400_000)}no table`;
    expect(withoutTableHead(paragraph)).toBe(paragraph);
  });
});

describe("a code block without its end", () => {
  it("is recognized with its language and text", () => {
    expect(openFence("```ts\nlet a;\n  ``` not the first\n".replace("  ``` not", "x ``` not"))).toEqual({
      language: "ts",
      text: "let a;\nx ``` not the first\n",
    });
  });

  it.each(["```ts\na\n```\n", "```\na\n  ```", "text\n```\na", "```a`b\nc", "> ```\n> a"])(
    "%j is left to the parser",
    (source) => {
      expect(openFence(source)).toBeUndefined();
    },
  );
});
