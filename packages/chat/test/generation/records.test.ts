import type { LogRecord } from "@typebar/log";
import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { createChunkFormat, fromPayload, mergeDeltas, toPayload, toResetEvent } from "../../src/generation/records.ts";
import type { StoredChunk } from "../../src/generation/records.ts";
import { formatEventId, parseEventId } from "../../src/ids.ts";

const maxBytes = 32_768;

function toRecords(chunks: readonly StoredChunk[], firstSeq = 1): LogRecord[] {
  return chunks.map((chunk, index) => ({ seq: firstSeq + index, epoch: 1, payload: toPayload(chunk) }));
}

/** What a client makes of records: the text of each part, in order. */
function read(records: readonly LogRecord[]): string {
  let text = "";
  for (const { payload } of records) {
    const chunk = fromPayload(payload);
    if (chunk.type === "text-delta" || chunk.type === "reasoning-delta") text += chunk.delta;
    else text += `<${payload}>`;
  }
  return text;
}

const delta = (text: string, id = "t0"): StoredChunk => ({ type: "text-delta", id, delta: text });

const wellFormed = fc.string({ unit: "binary", maxLength: 60 }).map((text) => text.toWellFormed());
const chunk: fc.Arbitrary<StoredChunk> = fc.oneof(
  { weight: 8, arbitrary: wellFormed.map((text) => delta(text)) },
  { weight: 2, arbitrary: wellFormed.map((text) => delta(text, "t1")) },
  { weight: 2, arbitrary: wellFormed.map((text): StoredChunk => ({ type: "reasoning-delta", id: "r0", delta: text })) },
  { weight: 1, arbitrary: fc.constant<StoredChunk>({ type: "text-end", id: "t0" }) },
  { weight: 1, arbitrary: fc.constant<StoredChunk>({ type: "source-url", sourceId: "s", url: "/a" }) },
);

describe("merging for a reader that is behind", () => {
  test("keeps every character, and stands under the ID of the last record it holds", () => {
    fc.assert(
      fc.property(fc.array(chunk, { maxLength: 80 }), (chunks) => {
        const records = toRecords(chunks);
        const merged = mergeDeltas(records);
        let joined = 0;
        for (const record of merged) {
          // Up to its ID, a merged reader has read what an unmerged one has.
          joined += 1;
          expect(read(merged.slice(0, joined))).toBe(read(records.filter(({ seq }) => seq <= record.seq)));
        }
        expect(merged.at(-1)?.seq).toBe(records.at(-1)?.seq);
      }),
    );
  });

  test("never merges over another part or another chunk", () => {
    const merged = mergeDeltas(
      toRecords([
        delta("a"),
        delta("b"),
        { type: "text-end", id: "t0" },
        delta("c", "t1"),
        delta("d", "t1"),
        delta("e"),
      ]),
    );
    expect(merged.map(({ seq, payload }) => [seq, fromPayload(payload)])).toEqual([
      [2, delta("ab")],
      [3, { type: "text-end", id: "t0" }],
      [5, delta("cd", "t1")],
      [6, delta("e")],
    ]);
  });

  test.each([
    ["plain", "x".repeat(100)],
    ["three bytes a character", "字".repeat(50)],
    ["escaped", '"\\\n\u0001'.repeat(20)],
    ["of two UTF-16 units", "\u{1F600}".repeat(30)],
  ])("makes chunks of at most 32 KiB and fills them: %s", (_name, text) => {
    const records = toRecords(Array.from({ length: 2000 }, () => delta(text)));
    const merged = mergeDeltas(records);
    const bytes = merged.map(({ payload }) => Buffer.byteLength(payload));
    expect(Math.max(...bytes)).toBeLessThanOrEqual(maxBytes);
    expect(Math.min(...bytes.slice(0, -1))).toBeGreaterThan(maxBytes - 2 * Buffer.byteLength(toPayload(delta(text))));
    expect(read(merged)).toBe(read(records));
  });

  test("fills a chunk to its very last byte, and not beyond", () => {
    const room = maxBytes - Buffer.byteLength(toPayload(delta("")));
    const exact = mergeDeltas(toRecords([delta("x".repeat(room - 5)), delta("12345")]));
    expect(exact.map(({ payload }) => Buffer.byteLength(payload))).toEqual([maxBytes]);
    expect(mergeDeltas(toRecords([delta("x".repeat(room - 5)), delta("123456")]))).toHaveLength(2);
  });

  test("leaves a delta alone that is larger by itself", () => {
    const records = toRecords([delta("a"), delta("x".repeat(50_000)), delta("b")]);
    expect(mergeDeltas(records).map(({ seq }) => seq)).toEqual([1, 2, 3]);
    expect(mergeDeltas(records)[1]).toBe(records[1]);
  });

  test("turns 5,000 deltas into at most ten chunks", () => {
    const records = toRecords(Array.from({ length: 5000 }, (_, index) => delta(`${index} `)));
    const merged = mergeDeltas(records);
    expect(merged.length).toBeLessThanOrEqual(10);
    expect(merged.at(-1)?.seq).toBe(5000);
    expect(read(merged)).toBe(read(records));
  });
});

describe("records as events", () => {
  const format = createChunkFormat("Zk3vQx0b5Rr2mYtW8aLd");

  test("have one line of data, no name, and an ID that says where to go on", () => {
    const payload = toPayload(delta('a\nb\r\n\u2028"data: x"\0'));
    expect(payload).not.toMatch(/[\r\n\0]/);
    expect(format.toEvent({ seq: 3, epoch: 1, payload })).toEqual({
      data: payload,
      id: "Zk3vQx0b5Rr2mYtW8aLd:1.3",
      end: false,
    });
  });

  test("end with the named close event, with an ID of its own", () => {
    expect(format.toEvent({ seq: 9, epoch: 2, payload: toPayload({ type: "close" }) })).toEqual({
      event: "close",
      data: "[DONE]",
      id: "Zk3vQx0b5Rr2mYtW8aLd:2.9",
      end: true,
    });
    expect(format.toEvent({ seq: 8, epoch: 2, payload: toPayload({ type: "finish" }) })?.end).toBe(false);
  });

  test("are preceded by a reset whose ID stands before the first record", () => {
    expect(toResetEvent({ reason: "diverged" }, "g", 2)).toEqual({
      event: "reset",
      data: '{"reason":"diverged"}',
      id: "g:2.0",
    });
  });
});

describe("event IDs", () => {
  test("are read back as they were written", () => {
    fc.assert(
      fc.property(fc.stringMatching(/^[A-Za-z0-9_-]{1,64}$/), fc.nat(), fc.nat(), (id, epoch, seq) => {
        expect(parseEventId(formatEventId(id, { epoch, seq }))).toEqual({ generationId: id, position: { epoch, seq } });
      }),
    );
  });

  test.each([
    "",
    "x",
    "g:1",
    "g:1.",
    "g:01.1",
    "g:1.01",
    "g:1.00",
    "g:-1.1",
    "g:1.1 ",
    " g:1.1",
    "g:1.1\n",
    "g:1.1.1",
    "g:1e3.1",
    "g:1.9999999999999999",
    "ü:1.1",
    `${"g".repeat(65)}:1.1`,
    "g:١.١",
  ])("that are not ours are known as such: %j", (text) => {
    expect(parseEventId(text)).toBeUndefined();
  });
});
