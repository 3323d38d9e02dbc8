import { expect, test } from "vitest";
import { createDuplicateFilter } from "../src/duplicates.ts";

function filterOf(limit: number, bytes = 100): (ids: (string | undefined)[]) => (string | undefined)[] {
  const filter = createDuplicateFilter(limit);
  return (ids) => {
    filter.reconnected();
    const fresh = ids.filter((id) => !filter.isDuplicate(id));
    filter.chunkEnded(bytes);
    return fresh;
  };
}

test("what a response repeats from earlier ones is left out", () => {
  const pass = filterOf(10);
  expect(pass(["1", "2", "3"])).toEqual(["1", "2", "3"]);
  expect(pass(["2", "3", "4"])).toEqual(["4"]);
  expect(pass(["1", "2", "3", "4", "5"])).toEqual(["5"]);
});

test("one response may give an ID to several events", () => {
  const pass = filterOf(10);
  expect(pass(["1", "1", "1"])).toEqual(["1", "1", "1"]);
  expect(pass(["1", "2", "2"])).toEqual(["2", "2"]);
});

test("after something new, and after an event without an ID of its own, IDs are meant", () => {
  const pass = filterOf(10);
  pass(["1", "2"]);
  expect(pass(["reset", "1", "2"])).toEqual(["reset", "1", "2"]);
  expect(pass([undefined, "1"])).toEqual([undefined, "1"]);
  expect(pass(["", "1"])).toEqual(["", "1"]);
});

test("at least as many IDs are remembered as the limit says, and the oldest are forgotten", () => {
  for (const count of [100, 127, 128, 129, 200, 1000]) {
    const pass = filterOf(100);
    const ids = Array.from({ length: count }, (_, index) => String(index));
    for (const id of ids) pass([id]);
    expect(pass(ids.slice(-100))).toEqual([]);
  }
  const pass = filterOf(100);
  for (let id = 0; id < 1000; id++) pass([String(id)]);
  expect(pass(["800", "999"])).toEqual(["800", "999"]);
});

test("the same is remembered of chunks that are too large to be kept", () => {
  const pass = filterOf(10, 1_000_000);
  expect(pass(["1", "2"])).toEqual(["1", "2"]);
  expect(pass(["1", "2", "3"])).toEqual(["3"]);
});

test("large events are not kept alive by their IDs", () => {
  const filter = createDuplicateFilter(10_000);
  const before = process.memoryUsage().heapUsed;
  for (let index = 0; index < 400; index++) {
    // Cut out as the parser does it.
    const text = `${"x".repeat(1_048_576)}${index} is a long event ID`;
    filter.isDuplicate(text.slice(1_048_576));
    filter.chunkEnded(text.length);
  }
  expect(process.memoryUsage().heapUsed - before).toBeLessThan(200 * 1_048_576);
});
