import { createEventParser } from "@typebar/sse";
import * as fc from "fast-check";
import { expect, test } from "vitest";
import { createDuplicateFilter } from "../src/duplicates.ts";

function filterOf(limit: number, bytes = 100): (ids: (string | undefined)[]) => (string | undefined)[] {
  const filter = createDuplicateFilter(limit);
  return (ids) => {
    filter.reconnected();
    const fresh = ids.filter((id) => !filter.isDuplicate(id));
    filter.chunkEnded(new Uint8Array(bytes));
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
    filter.chunkEnded(new Uint8Array(text.length));
  }
  expect(process.memoryUsage().heapUsed - before).toBeLessThan(200 * 1_048_576);
});

/** Told of a response as the inbox tells it; returns the IDs of its events that were no duplicates. */
function read(filter: ReturnType<typeof createDuplicateFilter>, text: string, chunkBytes: readonly number[]): string[] {
  const fresh: string[] = [];
  const parser = createEventParser({
    onEvent(_, ownId) {
      if (!filter.isDuplicate(ownId) && ownId) fresh.push(ownId);
    },
  });
  filter.reconnected();
  const bytes = new TextEncoder().encode(text);
  for (let start = 0, turn = 0; start < bytes.length; turn++) {
    const chunk = bytes.slice(start, (start += chunkBytes[turn % chunkBytes.length] ?? 1));
    parser.push(chunk);
    filter.chunkEnded(chunk);
  }
  return fresh;
}

/** A block that has an ID and no event, one that has an event and no ID, and data, a name and a comment that look like an ID. */
const oddities = [
  "id: none\n\n",
  "data: x\n\n",
  "event: id: no\ndata: id: no\n: id: no\n\n",
  "data: é，👩‍👩‍👧\r\rid: none\r\n\r\n",
];

test("whatever is remembered, small events in large chunks included, and wherever they are cut, is what was had", () => {
  fc.assert(
    fc.property(
      fc.array(fc.integer({ min: 1, max: 40_000 }), { minLength: 1, maxLength: 5 }),
      fc.integer({ min: 2, max: 400 }),
      fc.integer({ min: 1, max: 4000 }),
      fc.constantFrom("\n", "\r\n", "\r"),
      (chunkBytes, padding, count, end) => {
        const blocks = Array.from({ length: count }, (_, index) => {
          const block = `data: ${"x".repeat((index * 7) % padding)}${end}id: é${index}${end}${end}`;
          return block + (index % 5 === 0 ? oddities[(index / 5) % oddities.length] : "");
        });
        const ids = blocks.map((_, index) => `é${index}`);
        // Chunks of a few bytes would take as many turns.
        const cuts = [...chunkBytes, 8000];
        const filter = createDuplicateFilter(500);
        expect(read(filter, `\uFEFF${blocks.join("")}data: half${end}id: half${end}`, cuts)).toEqual(ids);
        const repeated = [...ids.slice(-500), "new"].map((id) => `data: again\nid: ${id}\n\n`);
        expect(read(filter, repeated.join(""), [9000])).toEqual(["new"]);
        for (const never of ["half", "no", "none"]) {
          filter.reconnected();
          expect(filter.isDuplicate(never)).toBe(false);
        }
      },
    ),
    { numRuns: 60 },
  );
});

/** So many that their chunk is a passage by itself, after which chunks are kept. */
const small = Array.from({ length: 2000 }, (_, index) => `data: ${"x".repeat(20)}\nid: s${index}\n\n`).join("");

test("what stands in the data where the chunks that are kept begin is not taken for an ID", () => {
  const filter = createDuplicateFilter(10_000);
  const start = `${small}data: `;
  read(filter, `${start}id: text\ndata: more\n\n${small}`, [start.length, 100_000]);
  filter.reconnected();
  expect(filter.isDuplicate("s1999")).toBe(true);
  expect(filter.isDuplicate("text")).toBe(false);
});

test("large events among small ones are remembered", () => {
  const filter = createDuplicateFilter(10_000);
  const large = ["a", "b", "c"].map((id) => `data: ${"x".repeat(40_000)}\nid: ${id}\n\n`).join("");
  read(filter, small + large + small, [small.length, large.length]);
  expect(read(filter, `${large}data: x\nid: new\n\n`, [1_000_000])).toEqual(["new"]);
});

test("chunks of large events are not kept, also where they follow small ones", () => {
  const filter = createDuplicateFilter(1_000_000);
  const before = process.memoryUsage().arrayBuffers;
  for (let index = 0; index < 300; index++) {
    for (let id = 0; id < 300; id++) filter.isDuplicate(String(id));
    filter.chunkEnded(new Uint8Array(70_000));
    filter.isDuplicate("large");
    filter.chunkEnded(new Uint8Array(1_048_576));
  }
  expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(150 * 1_048_576);
});
