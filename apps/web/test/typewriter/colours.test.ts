import { describe, expect, it } from "vitest";
import { openColourer } from "../../src/typewriter/colour/colours.ts";

async function kindsOf(lines: readonly string[], language: string): Promise<string[][]> {
  const colourer = await (await openColourer()).open(language);
  return lines.map((line) => colourer?.next(line).map(({ kind }) => kind) ?? []);
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

  it("does not know every language", async () => {
    expect(await (await openColourer()).open("constructor")).toBeUndefined();
  });
});
