import type { Chunk, Message } from "@typebar/chat/protocol";
import { describe, expect, it } from "vitest";
import { emptyAnswer, nextAnswer, reasoningOf, textOf, toAnswer } from "../src/answer.ts";
import type { Answer } from "../src/answer.ts";

const start: Chunk = {
  type: "start",
  messageId: "m1",
  messageMetadata: { conversationId: "c1", generationId: "g1", model: "p/m" },
};

function read(chunks: Chunk[], from: Answer = emptyAnswer): Answer {
  let nowMs = 0;
  return chunks.reduce((answer, chunk) => {
    nowMs += 1000;
    return nextAnswer(answer, { event: "message", data: JSON.stringify(chunk) }, nowMs);
  }, from);
}

describe("an answer from its chunks", () => {
  it("keeps reasoning apart from text, and measures it", () => {
    const answer = read([
      start,
      { type: "reasoning-start", id: "r0" },
      { type: "reasoning-delta", id: "r0", delta: "Hmm" },
      { type: "reasoning-end", id: "r0" },
      { type: "text-start", id: "t0" },
      { type: "text-delta", id: "t0", delta: "Hel" },
      { type: "text-delta", id: "t0", delta: "lo" },
    ]);
    expect([reasoningOf(answer), textOf(answer)]).toEqual(["Hmm", "Hello"]);
    expect(answer.thinking).toEqual({ fromMs: 2000, toMs: 4000 });
    expect([answer.state, answer.messageId, answer.generationId, answer.conversationId]).toEqual([
      "running",
      "m1",
      "g1",
      "c1",
    ]);
  });

  it("appends a delta to the part that it names", () => {
    const answer = read([
      start,
      { type: "text-start", id: "a" },
      { type: "text-start", id: "b" },
      { type: "text-delta", id: "b", delta: "second" },
      { type: "text-delta", id: "a", delta: "first" },
    ]);
    expect(textOf(answer)).toBe("first\n\nsecond");
  });

  it("tells failed from interrupted by the metadata, and keeps the text", () => {
    const answer = read([
      start,
      { type: "text-start", id: "t0" },
      { type: "text-delta", id: "t0", delta: "kept" },
      { type: "text-end", id: "t0" },
      { type: "message-metadata", messageMetadata: { state: "interrupted", code: "attempts-exhausted" } },
      { type: "error", errorText: "safe words" },
    ]);
    expect([answer.state, answer.code, answer.errorText, textOf(answer)]).toEqual([
      "interrupted",
      "attempts-exhausted",
      "safe words",
      "kept",
    ]);
  });

  it("has the calls of tools in it: while they are written, whole, and cut off", () => {
    const written = read([
      start,
      { type: "text-start", id: "t0" },
      { type: "text-delta", id: "t0", delta: "Let me see." },
      { type: "text-end", id: "t0" },
      { type: "tool-input-start", toolCallId: "c1", toolName: "weather" },
      { type: "tool-input-start", toolCallId: "c2", toolName: "time" },
      { type: "tool-input-delta", toolCallId: "c1", inputTextDelta: '{"city":' },
      { type: "tool-input-delta", toolCallId: "c2", inputTextDelta: '{"zo' },
      { type: "tool-input-delta", toolCallId: "c1", inputTextDelta: '"Rome"}' },
    ]);
    expect(written.parts.slice(1)).toEqual([
      { type: "tool", id: "c1", name: "weather", state: "input-streaming", input: '{"city":"Rome"}' },
      { type: "tool", id: "c2", name: "time", state: "input-streaming", input: '{"zo' },
    ]);
    const whole = read(
      [
        { type: "tool-input-available", toolCallId: "c1", toolName: "weather", input: { city: "Rome" } },
        { type: "tool-input-error", toolCallId: "c2", toolName: "time", input: '{"zo', errorText: "cut off" },
      ],
      written,
    );
    const stored: Message = {
      id: "m1",
      parentId: null,
      role: "assistant",
      createdAt: "2026-01-01T00:00:00.000Z",
      parts: [
        { type: "text", text: "Let me see." },
        { type: "tool-weather", toolCallId: "c1", state: "input-available", input: { city: "Rome" } },
        { type: "tool-time", toolCallId: "c2", state: "output-error", input: '{"zo', errorText: "cut off" },
      ],
    };
    expect(whole.parts.slice(1)).toEqual([
      { type: "tool", id: "c1", name: "weather", state: "input-available", input: '{\n  "city": "Rome"\n}' },
      { type: "tool", id: "c2", name: "time", state: "output-error", input: '{"zo' },
    ]);
    expect(toAnswer(stored, "c1").parts.slice(1)).toEqual(whole.parts.slice(1));
    expect(textOf(whole)).toBe("Let me see.");
  });

  it("drops everything at a reset and takes the whole answer that follows", () => {
    const before = read([start, { type: "text-start", id: "t0" }, { type: "text-delta", id: "t0", delta: "other" }]);
    const reset = nextAnswer(before, { event: "reset", data: '{"reason":"diverged"}' }, 0);
    expect(textOf(reset)).toBe("");
    expect(reset.generationId).toBe("g1");
    const after = read(
      [start, { type: "text-start", id: "t0" }, { type: "text-delta", id: "t0", delta: "true" }],
      reset,
    );
    expect(textOf(after)).toBe("true");
  });

  it("begins anew at a start, so that a continued answer is not doubled", () => {
    const kept = { ...emptyAnswer, parts: [{ type: "text" as const, id: "", text: "kept " }] };
    const answer = read(
      [start, { type: "text-start", id: "t0" }, { type: "text-delta", id: "t0", delta: "kept and on" }],
      kept,
    );
    expect(textOf(answer)).toBe("kept and on");
  });

  it("is closed by the close event, not by the finish chunk", () => {
    const finished = read([
      start,
      { type: "message-metadata", messageMetadata: { state: "completed" } },
      { type: "finish" },
    ]);
    expect(finished.closed).toBe(false);
    expect(nextAnswer(finished, { event: "close", data: "[DONE]" }, 0).closed).toBe(true);
  });

  it("ignores events and chunks that it does not know", () => {
    const answer = read([start]);
    expect(nextAnswer(answer, { event: "news", data: "?" }, 0)).toBe(answer);
    expect(nextAnswer(answer, { event: "message", data: '{"type":"data-news"}' }, 0)).toBe(answer);
  });

  it("lists a source once", () => {
    const source: Chunk = { type: "source-url", sourceId: "s", url: "/docs", title: "Docs" };
    expect(read([start, source, source]).sources).toEqual([{ id: "s", url: "/docs", title: "Docs" }]);
  });
});

describe("an answer from a stored message", () => {
  it("reads the same as the stream that made it", () => {
    const message: Message = {
      id: "m1",
      parentId: "u1",
      role: "assistant",
      parts: [
        { type: "reasoning", text: "Hmm" },
        { type: "text", text: "Hello" },
        { type: "source-url", sourceId: "s", url: "/docs" },
      ],
      createdAt: "2026-01-01T00:00:00.000Z",
      metadata: { generationId: "g1", model: "p/m", state: "completed", finishReason: "length" },
    };
    const answer = toAnswer(message, "c1");
    expect([textOf(answer), reasoningOf(answer), answer.state, answer.finishReason, answer.closed]).toEqual([
      "Hello",
      "Hmm",
      "completed",
      "length",
      true,
    ]);
    expect(answer.sources).toEqual([{ id: "s", url: "/docs", title: "/docs" }]);
  });
});
