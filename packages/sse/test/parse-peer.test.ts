/** The parser beside `eventsource-parser`, and beside itself where the bytes are cut elsewhere, on any bytes. */
import { createParser } from "eventsource-parser";
import * as fc from "fast-check";
import { expect, test } from "vitest";
import { createEventParser, ParseError } from "../src/index.ts";

type Told = readonly unknown[];

/** Everything that a parser tells, in order. */
function parse(chunks: Uint8Array[], maxEventChars?: number): Told[] {
  const told: Told[] = [];
  const parser = createEventParser({
    onEvent: ({ event, data }, ownId, ownName) => told.push(["event", event, data, ownId, ownName]),
    onRetry: (retryMs) => told.push(["retry", retryMs]),
    onComment: (text) => told.push(["comment", text]),
    ...(maxEventChars !== undefined && { maxEventChars }),
  });
  try {
    for (const chunk of chunks) parser.push(chunk);
  } catch (error) {
    told.push([(error as ParseError).code]);
  }
  return told;
}

function parseByPeer(bytes: Uint8Array): Told[] {
  const told: Told[] = [];
  const parser = createParser({
    onEvent: ({ event, data, id }) => told.push(["event", event ?? "message", data, id, event]),
    onRetry: (retryMs) => told.push(["retry", Math.min(retryMs, 2 ** 31 - 1)]),
    onComment: (text) => told.push(["comment", text]),
  });
  // It would also take the Latin-1 form of a BOM for one, so it is shown a BOM where there is none.
  const text = new TextDecoder("utf-8", { ignoreBOM: true }).decode(bytes);
  parser.feed(text.startsWith("\uFEFF") ? text : `\uFEFF${text}`);
  return told;
}

const lineEnd = fc.constantFrom("\n", "\n", "\n", "\r\n", "\r");
const name = fc.constantFrom("data", "data", "data", "id", "event", "retry", "", "dat", "datax", "Data", " data", "i");
const value = fc.oneof(
  fc.constantFrom("", "x", " x", ":", "\0", "7", "007", "99999999999", "-1", "1e3", "\uFEFF", "你好", "👩‍👩‍👧", "\u2028"),
  fc.string({ unit: "binary", maxLength: 8 }),
);
const colon = fc.constantFrom(": ", ": ", ":", ":  ", "");
const line = fc.tuple(name, colon, value, lineEnd).map((parts) => parts.join(""));
const plainBlock = fc.nat(999).map((id) => `data: {"n":${id}}\nid: a:${id}\n\n`);
const stream = fc
  .tuple(
    fc.constantFrom("", "", "\uFEFF", "\uFEFF\uFEFF"),
    fc.array(fc.oneof(line, lineEnd, plainBlock, value), { maxLength: 20 }),
  )
  .map(([start, pieces]) => new TextEncoder().encode(start + pieces.join("")));
const anyBytes = fc.oneof(stream, fc.uint8Array({ maxLength: 60 }));

function cutAt(bytes: Uint8Array, at: number): Uint8Array[] {
  return [bytes.subarray(0, at), bytes.subarray(at)];
}

test("tells the same as eventsource-parser, whatever the bytes", () => {
  fc.assert(
    fc.property(anyBytes, (bytes) => {
      expect(parse([bytes])).toEqual(parseByPeer(bytes));
    }),
    { numRuns: 3000 },
  );
});

test("tells the same wherever the bytes are cut, a limit that is overstepped included", () => {
  fc.assert(
    fc.property(anyBytes, fc.option(fc.integer({ min: 1, max: 12 }), { nil: undefined }), (bytes, limit) => {
      const whole = JSON.stringify(parse([bytes], limit));
      const oneByOne = Array.from(bytes, (byte) => Uint8Array.of(byte));
      expect(JSON.stringify(parse(oneByOne, limit))).toBe(whole);
      const wrongAt = oneByOne.flatMap((_, at) =>
        JSON.stringify(parse(cutAt(bytes, at), limit)) === whole ? [] : [at],
      );
      expect(wrongAt).toEqual([]);
    }),
    { numRuns: 500 },
  );
});

test("the room beside the data is the same wherever a long line is cut", () => {
  for (const chars of [16_380, 16_384, 16_385, 16_400]) {
    for (const field of ["id: ", "event: ", ": ", "other: "]) {
      const bytes = new TextEncoder().encode(`data: 12345\n${field.padEnd(chars, "x")}\n\n`);
      const whole = parse([bytes], 5).length;
      expect([4, 12, 20, chars - 1, chars + 12, chars + 13].map((at) => parse(cutAt(bytes, at), 5).length)).toEqual(
        Array.from({ length: 6 }, () => whole),
      );
    }
  }
});

test("a long line in chunks of a byte, and data of many lines, are read in a time that grows as they do", () => {
  const chars = 1_048_576;
  const events: number[] = [];
  const parser = createEventParser({ onEvent: ({ data }) => events.push(data.length) });
  const utf8 = new TextEncoder();
  const one = utf8.encode("x");
  parser.push(utf8.encode("data: "));
  for (let pushed = 0; pushed < chars; pushed++) parser.push(one);
  parser.push(utf8.encode("\n\n"));
  const empty = utf8.encode("data\n");
  for (let pushed = 0; pushed < chars; pushed++) parser.push(empty);
  parser.push(utf8.encode("\n"));
  expect(events).toEqual([chars, chars - 1]);
});
