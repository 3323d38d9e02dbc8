import { describe, expect, it } from "vitest";
import { openColourer } from "../../src/typewriter/colour/colours.ts";

async function kindsOf(lines: readonly string[], language: string): Promise<string[][]> {
  const colourer = await (await openColourer()).open(language);
  return lines.map((line) => {
    let runs = colourer?.next(line);
    // It is given again as long as it takes too long: a grammar that is new is being prepared.
    while (colourer !== undefined && runs === undefined) runs = colourer.next(line);
    return runs?.map(({ kind }) => kind) ?? [];
  });
}

describe("colours of code", () => {
  it("leaves lines of a thousand characters and more plain, so that none holds up the page", async () => {
    const long = `const a = [${"1, ".repeat(7000)}];`;
    const kinds = await kindsOf(["const a = 1;", long, "const b = 2;"], "js");
    expect(kinds.map((line) => line.some((kind) => kind !== ""))).toEqual([true, false, true]);
  });

  it("knows in each line what the lines before have opened", async () => {
    const kinds = await kindsOf(["/* a", "const b = 1;", "*/ const c = 1;"], "ts");
    expect(kinds[1]).toEqual(["comment"]);
    expect(kinds[2]).toContain("keyword");
  });

  it("colours a line like this to its end though the grammar is new and the machine slow", async () => {
    const line = 'export async function follow(url: string): Promise<string> { return "x"; } // and so on';
    const [kinds = []] = await kindsOf([line], "typescript");
    expect(kinds.at(-1)).toBe("comment");
    expect(new Set(kinds)).toEqual(new Set(["keyword", "", "function", "constant", "string-expression", "comment"]));
  });

  it("does not know every language", async () => {
    expect(await (await openColourer()).open("constructor")).toBeUndefined();
  });
});
