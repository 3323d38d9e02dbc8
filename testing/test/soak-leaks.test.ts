import { expect, test } from "vitest";
import { findLeaks } from "../soak/leaks.ts";

const tolerance = { heapBytes: 1000, externalBytes: 1000, rssBytes: 10_000, openFiles: 0 };
const toHoldings = (heapBytes: number, openFiles = 20): Parameters<typeof findLeaks>[0][number] => ({
  heapBytes,
  openFiles,
  rssBytes: 50_000,
  externalBytes: 0,
});

test("a heap that goes up and down leaks nothing", () => {
  const heaps = [5000, 8000, 5200, 9000, 5100, 7000, 5900];
  expect(
    findLeaks(
      heaps.map((heap) => toHoldings(heap)),
      tolerance,
    ),
  ).toEqual([]);
});

test("a heap that grows a little each time leaks, wherever it stands within its ups and downs", () => {
  const heaps = [5000, 8000, 5600, 9000, 6200, 9000, 6800];
  expect(
    findLeaks(
      heaps.map((heap) => toHoldings(heap)),
      tolerance,
    ),
  ).toEqual(["heapBytes grew from 5000 to 6800"]);
});

test("one file that stays open is a leak", () => {
  const files = [20, 20, 21, 21, 21];
  expect(
    findLeaks(
      files.map((openFiles) => toHoldings(5000, openFiles)),
      tolerance,
    ),
  ).toEqual(["openFiles grew from 20 to 21"]);
});
