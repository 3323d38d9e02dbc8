/** Bugs planted in what several nodes promise. Those that only a cluster of processes shows take long, and are left to the long run. */
import { describe, expect, it } from "vitest";
import { clusterBugs } from "../planted/cluster-bugs.ts";
import { plant, runTest } from "../planted/plant.ts";
import { createTree } from "../planted/tree.ts";
import { isLong } from "../src/index.ts";

const timeout = 180_000;
const bugs = clusterBugs.filter(({ caughtBy }) => isLong || !caughtBy.file.startsWith("testing/test/cluster/"));

describe("planted bugs of several nodes", () => {
  it.concurrent.each(bugs)("are caught: $name", { timeout }, async (bug) => {
    using tree = createTree();
    plant(tree, bug);
    const { failed, output } = await runTest(tree, bug.caughtBy);
    expect(failed, output).not.toEqual([]);
  });
});
