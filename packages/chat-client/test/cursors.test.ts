import { describe, expect, it } from "vitest";
import { emptyAnswer } from "../src/answer.ts";
import { createCursors } from "../src/cursors.ts";
import type { CursorStorage } from "../src/index.ts";

const cursor = { lastEventId: "g1:1.7", answer: { ...emptyAnswer, generationId: "g1" } };

function openStorage(): CursorStorage & { items: Map<string, string>; writes: number } {
  const items = new Map<string, string>();
  return {
    items,
    writes: 0,
    getItem: async (key) => items.get(key) ?? null,
    async setItem(key, value) {
      this.writes += 1;
      items.set(key, value);
    },
    removeItem: async (key) => items.delete(key),
  };
}

function fail(): never {
  throw new DOMException("full", "QuotaExceededError");
}

describe("cursors", () => {
  it("store many places in one write, and the last one when the page goes", async () => {
    const storage = openStorage();
    const cursors = createCursors(storage);
    for (let seq = 1; seq <= 7; seq += 1) cursors.keep("g1", { ...cursor, lastEventId: `g1:1.${seq}` });
    cursors.flush();
    expect(storage.writes).toBe(1);
    expect(await createCursors(storage).read("g1")).toEqual(cursor);
  });

  it("know a place before it is stored", async () => {
    const cursors = createCursors(openStorage());
    cursors.keep("g1", cursor);
    expect(await cursors.read("g1")).toEqual(cursor);
    cursors.forget("g1");
    expect(await cursors.read("g1")).toBeNull();
    cursors.flush();
  });

  it("do without a storage that is full or fails", async () => {
    const cursors = createCursors({ getItem: fail, setItem: fail, removeItem: () => Promise.reject(new Error("no")) });
    cursors.keep("g1", cursor);
    cursors.flush();
    cursors.forget("g1");
    expect(await cursors.read("g1")).toBeNull();
  });

  it.each([
    ["of another version", { version: 2, ...cursor }],
    ["of another generation", { version: 1, ...cursor, lastEventId: "g2:1.7" }],
    ["with another generation's answer", { version: 1, ...cursor, answer: emptyAnswer }],
    ["without an answer", { version: 1, lastEventId: "g1:1.7" }],
    ["that is null", null],
  ])("do not use an item %s", async (_name, item) => {
    const storage = openStorage();
    storage.items.set("typebar:cursor:g1", JSON.stringify(item));
    expect(await createCursors(storage).read("g1")).toBeNull();
  });
});
