/** Plants bugs on purpose: a promise that no test would see broken is no promise. */
import { describe, expect, it } from "vitest";
import { plantedBugs } from "../planted/bugs.ts";
import { plant, runTest } from "../planted/plant.ts";
import { createTree } from "../planted/tree.ts";

const timeout = 180_000;

describe("planted bugs", () => {
  // Without this, a copy in which nothing works would catch everything.
  it("are the only reason to fail: the copy without a bug passes", { timeout }, async () => {
    using tree = createTree();
    const { failed, passed, output } = await runTest(tree, {
      file: "testing/test/faults/every-byte.test.ts",
      test: "of a live response",
    });
    expect(failed, output).toEqual([]);
    expect(passed, output).toHaveLength(1);
  });

  // Two at a time: this file is often the last, with both cores for itself.
  it.concurrent.each(plantedBugs)("are caught: $name", { timeout }, async (bug) => {
    using tree = createTree();
    plant(tree, bug);
    const { failed, output } = await runTest(tree, bug.caughtBy);
    expect(failed, output).not.toEqual([]);
  });

  it("must fit in exactly one place", () => {
    using tree = createTree();
    const [bug] = plantedBugs;
    if (!bug) throw new Error("there is no bug");
    expect(() => plant(tree, { ...bug, search: "no such text" })).toThrow("fits in 0 places");
    expect(() => plant(tree, { ...bug, search: "const " })).toThrow(/fits in \d\d+ places/);
  });
});
