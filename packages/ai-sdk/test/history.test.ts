/** What is handed on when a server begins an answer again. */
import type { UIMessageChunk } from "ai";
import { array, assert, nat, property, string } from "fast-check";
import { describe, expect, it } from "vitest";
import { createHistory } from "../src/history.ts";

const start: UIMessageChunk = { type: "start", messageId: "m1", messageMetadata: { generationId: "g1" } };
const open: UIMessageChunk = { type: "text-start", id: "t0" };
const end: UIMessageChunk = { type: "text-end", id: "t0" };
const delta = (text: string): UIMessageChunk => ({ type: "text-delta", id: "t0", delta: text });

const told = (state: string): UIMessageChunk => ({ type: "message-metadata", messageMetadata: { state } });

/** What comes out for chunks before and after a reset. */
function handOut(before: UIMessageChunk[], after: UIMessageChunk[]): UIMessageChunk[] {
  const history = createHistory();
  const first = before.map((chunk) => history.accept(chunk));
  history.rewind();
  return [...first, ...after.map((chunk) => history.accept(chunk))].filter((chunk) => chunk !== undefined);
}

/** A text, cut into deltas at some places. */
function cut(text: string, places: number[]): UIMessageChunk[] {
  const cuts = [...new Set([0, ...places.map((place) => place % (text.length + 1)), text.length])].sort(
    (a, b) => a - b,
  );
  return cuts.slice(1).map((to, index) => delta(text.slice(cuts[index], to)));
}

describe("createHistory", () => {
  it("hands everything on as it comes, as long as nothing begins again", () => {
    const chunks = [start, open, delta("a"), delta("a"), end, { type: "finish" } as const];
    expect(handOut(chunks, [])).toEqual(chunks);
  });

  it("hands on the exact rest, however both beginnings were cut", () => {
    const places = array(nat(200), { maxLength: 6 });
    assert(
      property(string({ maxLength: 60 }), nat(60), places, places, (text, known, one, other) => {
        const shown = text.slice(0, known);
        const handedOn = handOut([start, open, ...cut(shown, one)], [start, open, ...cut(text, other), end]);
        expect(handedOn.filter(({ type }) => type !== "text-delta")).toEqual([start, open, end]);
        expect(handedOn.map((chunk) => (chunk.type === "text-delta" ? chunk.delta : "")).join("")).toBe(text);
      }),
    );
  });

  it("takes other metadata for the same, and says nothing twice", () => {
    const other: UIMessageChunk = { type: "start", messageId: "m1" };
    expect(handOut([start, told("a")], [other, told("b"), { type: "finish" }])).toEqual([
      start,
      told("a"),
      { type: "finish" },
    ]);
  });

  it("goes on after a second reset in the middle of the repetition", () => {
    const history = createHistory();
    const accept = (...chunks: UIMessageChunk[]): unknown[] =>
      chunks.map((chunk) => history.accept(chunk)).filter((chunk) => chunk !== undefined);
    accept(start, open, delta("abcd"));
    history.rewind();
    expect(accept(start, open, delta("ab"))).toEqual([]);
    history.rewind();
    expect(accept(start, open, delta("abc"), delta("def"))).toEqual([delta("ef")]);
  });

  it.each([
    ["another text", [start, open, delta("abX")]],
    ["a text that ends before what was shown", [start, open, delta("ab"), end]],
    ["a delta of another part", [start, open, { type: "text-delta", id: "t1", delta: "ab" } as const]],
    ["another message", [{ type: "start", messageId: "m2" } as const]],
    ["another part", [start, { type: "reasoning-start", id: "r0" } as const]],
  ])("fails as diverged for %s", (_name, after) => {
    expect(() => handOut([start, open, delta("abc")], after)).toThrow(expect.objectContaining({ code: "diverged" }));
  });
});
