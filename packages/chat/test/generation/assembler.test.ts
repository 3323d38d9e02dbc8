import { describe, expect, test } from "vitest";
import { addChunk, type Answer, emptyAnswer, textOf } from "../../src/generation/answer.ts";
import { createAssembler } from "../../src/generation/assembler.ts";
import type { StoredChunk } from "../../src/generation/records.ts";
import type { ProviderPart } from "../../src/provider/provider.ts";

type Said = Exclude<ProviderPart, { type: "finish" }>;

const say = (text: string): Said => ({ type: "text", text });
const think = (text: string): Said => ({ type: "reasoning", text });

function assemble(parts: readonly Said[], from: Answer = emptyAnswer()): StoredChunk[] {
  const assembler = createAssembler(from);
  return [
    ...parts.flatMap((part) => assembler.add(part)),
    ...assembler.end({ state: "completed", finishReason: "stop" }),
  ];
}

function reduce(chunks: readonly StoredChunk[], from: Answer = emptyAnswer()): Answer {
  return chunks.reduce(addChunk, from);
}

const brief = (chunks: readonly StoredChunk[]): string[] =>
  chunks.map((chunk) =>
    "delta" in chunk
      ? `${chunk.type} ${chunk.id} ${chunk.delta}`
      : "id" in chunk
        ? `${chunk.type} ${chunk.id}`
        : chunk.type,
  );

const ended = ["message-metadata", "finish", "close"];

describe("what a provider says, as chunks", () => {
  test("opens one part for neighbouring text and closes it at the end", () => {
    expect(brief(assemble([say("a"), say(""), say("b")]))).toEqual([
      "text-start t0",
      "text-delta t0 a",
      "text-delta t0 b",
      "text-end t0",
      ...ended,
    ]);
  });

  test("keeps reasoning apart from text, each turn as a part of its own", () => {
    expect(brief(assemble([think("h"), think("m"), say("a"), think("?"), say("b")]))).toEqual([
      "reasoning-start r0",
      "reasoning-delta r0 h",
      "reasoning-delta r0 m",
      "reasoning-end r0",
      "text-start t0",
      "text-delta t0 a",
      "text-end t0",
      "reasoning-start r1",
      "reasoning-delta r1 ?",
      "reasoning-end r1",
      "text-start t1",
      "text-delta t1 b",
      "text-end t1",
      ...ended,
    ]);
  });

  test("puts a source beside the open part, once", () => {
    const source: Said = { type: "source", sourceId: "s", url: "/docs/en/models.md", title: "Models" };
    const untitled: Said = { type: "source", sourceId: "u", url: "https://example.org/" };
    const chunks = assemble([say("a"), source, source, untitled, say("b")]);
    expect(brief(chunks)).toEqual([
      "text-start t0",
      "text-delta t0 a",
      "source-url",
      "source-url",
      "text-delta t0 b",
      "text-end t0",
      ...ended,
    ]);
    expect(chunks.filter(({ type }) => type === "source-url")).toEqual([
      { type: "source-url", sourceId: "s", url: "/docs/en/models.md", title: "Models" },
      { type: "source-url", sourceId: "u", url: "https://example.org/" },
    ]);
  });

  test("joins the halves of a character that come apart, also around a source", () => {
    const source: Said = { type: "source", sourceId: "s", url: "/a" };
    expect(textOf(reduce(assemble([say("a\uD83D"), say("\uDE00b")])).parts)).toBe("a\u{1F600}b");
    expect(textOf(reduce(assemble([say("\uD83D"), source, say(""), say("\uDE00")])).parts)).toBe("\u{1F600}");
    for (const chunk of assemble([say("a\uD83D"), say("\uDE00b")])) {
      if ("delta" in chunk) expect(chunk.delta.isWellFormed()).toBe(true);
    }
  });

  test.each([
    ["at the end", [say("a\uD83D")], ["a\uFFFD"]],
    ["before reasoning", [say("a\uD83D"), think("b")], ["a\uFFFD", "b"]],
    ["doubled", [say("\uD83D"), say("\uD83D\uDE00")], ["\uFFFD\u{1F600}"]],
    ["second first", [say("\uDE00a")], ["\uFFFDa"]],
  ])("says a replacement character for a half without its other half: %s", (_name, parts, texts) => {
    expect(reduce(assemble(parts)).parts.map((part) => ("text" in part ? part.text : ""))).toEqual(texts);
  });

  test.each([
    [{ state: "completed", finishReason: "stop" } as const, { type: "finish" }],
    [{ state: "stopped" } as const, { type: "abort" }],
    [{ state: "failed", code: "provider-error" } as const, { type: "error", errorText: "sentence" }],
    [{ state: "interrupted", code: "attempts-exhausted" } as const, { type: "error", errorText: "sentence" }],
  ])("ends as %j with exactly one terminal chunk", (metadata, terminal) => {
    expect(createAssembler(emptyAnswer()).end(metadata, "sentence")).toEqual([
      { type: "message-metadata", messageMetadata: metadata },
      terminal,
      { type: "close" },
    ]);
  });
});

describe("taking an answer over", () => {
  const started: StoredChunk[] = [
    { type: "start", messageId: "m", messageMetadata: { conversationId: "c", generationId: "g", model: "p/m" } },
  ];
  const insideReasoning = (): Answer =>
    reduce([
      ...started,
      { type: "reasoning-start", id: "r0" },
      { type: "reasoning-delta", id: "r0", delta: "half a tho" },
    ]);
  const insideText = (): Answer =>
    reduce([
      ...started,
      { type: "reasoning-start", id: "r0" },
      { type: "reasoning-delta", id: "r0", delta: "thought" },
      { type: "reasoning-end", id: "r0" },
      { type: "text-start", id: "t0" },
      { type: "text-delta", id: "t0", delta: "```js\nlet a" },
    ]);

  test("goes on in the open text part, and writes no second start", () => {
    expect(brief(assemble([say(" = 1")], insideText()))).toEqual(["text-delta t0  = 1", "text-end t0", ...ended]);
  });

  test("numbers new parts after those that are there", () => {
    expect(brief(assemble([think("again"), say("b")], insideText()))).toEqual([
      "text-end t0",
      "reasoning-start r1",
      "reasoning-delta r1 again",
      "reasoning-end r1",
      "text-start t1",
      "text-delta t1 b",
      "text-end t1",
      ...ended,
    ]);
  });

  test("closes unfinished reasoning and begins it anew", () => {
    expect(brief(assemble([think("a whole"), think(" thought"), say("b")], insideReasoning()))).toEqual([
      "reasoning-end r0",
      "reasoning-start r1",
      "reasoning-delta r1 a whole",
      "reasoning-delta r1  thought",
      "reasoning-end r1",
      "text-start t0",
      "text-delta t0 b",
      "text-end t0",
      ...ended,
    ]);
  });

  test("closes unfinished reasoning before text, and at the end", () => {
    expect(brief(assemble([say("b")], insideReasoning())).slice(0, 2)).toEqual(["reasoning-end r0", "text-start t0"]);
    expect(brief(assemble([], insideReasoning()))).toEqual(["reasoning-end r0", ...ended]);
  });

  test("does not say a source again", () => {
    const source: Said = { type: "source", sourceId: "s", url: "/a" };
    const known = reduce([...started, { type: "source-url", sourceId: "s", url: "/a" }]);
    expect(brief(assemble([source], known))).toEqual(ended);
  });
});

describe("an answer reduced from its chunks", () => {
  test("has the parts, where it is open, and how it ended", () => {
    const chunks = assemble([think("h"), say("a"), { type: "source", sourceId: "s", url: "/a" }, say("b")]);
    const half = reduce(chunks.slice(0, 5));
    expect(half).toMatchObject({ open: { type: "text", id: "t0" }, textParts: 1, reasoningParts: 1, closed: false });
    expect(half.end).toBeUndefined();
    expect(reduce(chunks)).toEqual({
      started: false,
      parts: [
        { type: "reasoning", text: "h" },
        { type: "text", text: "ab" },
        { type: "source-url", sourceId: "s", url: "/a" },
      ],
      open: undefined,
      openTools: [],
      textParts: 1,
      reasoningParts: 1,
      end: { state: "completed", finishReason: "stop" },
      closed: true,
    });
  });

  test("counts only text as its text", () => {
    expect(
      textOf([
        { type: "reasoning", text: "no" },
        { type: "text", text: "a" },
        { type: "text", text: "b" },
      ]),
    ).toBe("ab");
  });
});
