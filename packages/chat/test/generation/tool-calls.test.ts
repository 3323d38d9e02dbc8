import { describe, expect, test } from "vitest";
import { addChunk, emptyAnswer } from "../../src/generation/answer.ts";
import { createAssembler } from "../../src/generation/assembler.ts";
import type { StoredChunk } from "../../src/generation/records.ts";
import type { ProviderPart } from "../../src/provider/provider.ts";
import { toStoredRecords } from "../../src/routes/stored-records.ts";
import type { GenerationRow } from "../../src/store/rows.ts";

type Said = Exclude<ProviderPart, { type: "finish" }>;

const begin = (toolCallId: string): Said => ({ type: "tool-input-start", toolCallId, toolName: "weather" });
const write = (toolCallId: string, delta: string): Said => ({ type: "tool-input-delta", toolCallId, delta });
const call = (toolCallId: string, input: string): Said => ({
  type: "tool-call",
  toolCallId,
  toolName: "weather",
  input,
});

function assemble(parts: readonly Said[], from = emptyAnswer()): StoredChunk[] {
  const assembler = createAssembler(from);
  return [...parts.flatMap((part) => assembler.add(part)), ...assembler.end({ state: "completed" })].slice(0, -3);
}

const partsOf = (chunks: readonly StoredChunk[]): unknown[] => chunks.reduce(addChunk, emptyAnswer()).parts;

describe("a tool call", () => {
  test("is shown as it is written, after the text before it is closed, and then whole", () => {
    const said = [
      { type: "text", text: "Let me see" } as const,
      begin("a"),
      write("a", '{"city"'),
      write("a", ':"北京"}'),
    ];
    const chunks = assemble([...said, call("a", '{"city":"北京"}')]);
    expect(chunks).toEqual([
      { type: "text-start", id: "t0" },
      { type: "text-delta", id: "t0", delta: "Let me see" },
      { type: "text-end", id: "t0" },
      { type: "tool-input-start", toolCallId: "a", toolName: "weather" },
      { type: "tool-input-delta", toolCallId: "a", inputTextDelta: '{"city"' },
      { type: "tool-input-delta", toolCallId: "a", inputTextDelta: ':"北京"}' },
      { type: "tool-input-available", toolCallId: "a", toolName: "weather", input: { city: "北京" } },
    ]);
    expect(partsOf(chunks)).toEqual([
      { type: "text", text: "Let me see" },
      { type: "tool-weather", toolCallId: "a", state: "input-available", input: { city: "北京" } },
    ]);
  });

  test("that its provider gives in one piece is written in one piece", () => {
    expect(assemble([call("a", "{}"), call("b", "")])).toEqual([
      { type: "tool-input-start", toolCallId: "a", toolName: "weather" },
      { type: "tool-input-delta", toolCallId: "a", inputTextDelta: "{}" },
      { type: "tool-input-available", toolCallId: "a", toolName: "weather", input: {} },
      { type: "tool-input-start", toolCallId: "b", toolName: "weather" },
      { type: "tool-input-delta", toolCallId: "b", inputTextDelta: "{}" },
      { type: "tool-input-available", toolCallId: "b", toolName: "weather", input: {} },
    ]);
  });

  test("beside another is kept apart from it", () => {
    const chunks = assemble([
      begin("a"),
      begin("b"),
      write("b", "[2]"),
      write("a", "[1]"),
      call("a", "[1]"),
      call("b", "[2]"),
    ]);
    expect(partsOf(chunks)).toMatchObject([
      { toolCallId: "a", input: [1] },
      { toolCallId: "b", input: [2] },
    ]);
  });

  test("that is no JSON, or was cut off, is an error that keeps what was written", () => {
    const chunks = assemble([begin("a"), write("a", "{oops"), call("a", "{oops"), begin("b"), write("b", '{"ci')]);
    expect(chunks.filter(({ type }) => type === "tool-input-error")).toMatchObject([
      { toolCallId: "a", input: "{oops" },
      { toolCallId: "b", input: '{"ci' },
    ]);
    expect(partsOf(chunks)).toMatchObject([
      { type: "tool-weather", state: "output-error", input: "{oops" },
      { type: "tool-weather", state: "output-error", input: '{"ci' },
    ]);
  });

  test("that another process left open is closed by the next one", () => {
    const left = [begin("a"), write("a", "{")].flatMap((part) => createAssembler(emptyAnswer()).add(part));
    const answer = left.reduce(addChunk, emptyAnswer());
    expect(assemble([], answer)).toMatchObject([{ type: "tool-input-error", toolCallId: "a", toolName: "weather" }]);
  });

  test("reads from a stored message as from its log, in no more records", () => {
    const said = assemble([begin("a"), write("a", '{"x":1}'), call("a", '{"x":1}'), begin("b")]);
    const generation = { state: "completed", code: null, finish_reason: null, usage: null } as GenerationRow;
    const position = { epoch: 1, seq: said.length + 4 };
    const records = toStoredRecords(generation, JSON.stringify(partsOf(said)), position);
    const stored = records.map(({ payload }) => JSON.parse(payload) as StoredChunk);
    expect(stored.slice(1, -3)).toEqual(said);
    expect(records[0]?.seq).toBe(1);
  });
});
