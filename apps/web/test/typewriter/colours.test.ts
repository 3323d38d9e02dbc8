import { describe, expect, it } from "vitest";
import { openColourer } from "../../src/typewriter/colours.ts";

describe("colours of code", () => {
  it("leaves lines of a thousand characters and more plain, so that none holds up the page", async () => {
    const { lines } = await openColourer();
    const long = `const a = [${"1, ".repeat(7000)}];`;
    const coloured = await lines(`const a = 1;\n${long}\nconst b = 2;`, "js");
    expect(coloured?.map((runs) => runs.some(({ kind }) => kind !== ""))).toEqual([true, false, true]);
    expect(coloured?.[1]?.map(({ content }) => content).join("")).toBe(long);
  });
});
