import { expect, test } from "vitest";
import { toMaxConnections } from "../src/listen.ts";

test.each([
  [20_000, 18_976],
  [1024, 896],
  [64, 16],
  [30, 1],
])("of %i files, connections may have %i", (openFilesLimit, connections) => {
  expect(toMaxConnections(openFilesLimit)).toBe(connections);
});
