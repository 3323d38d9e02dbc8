/** Runs every case of the corpus over the parser: as it is cut there, whole, and cut at every byte. */
import { createEventParser } from "@typebar/sse";
import { describe, expect, test } from "vitest";
import { cut, readCorpus } from "./corpus.ts";
import type { Expectation } from "./corpus.ts";

function parse(chunks: Uint8Array[]): Expectation {
  const result: Expectation = { events: [], retry: [], lastEventId: "" };
  const parser = createEventParser({
    onEvent: ({ event, data, lastEventId }) => result.events.push({ type: event, data, lastEventId }),
    onRetry: (retryMs) => result.retry.push(retryMs),
    onComment: () => {},
    maxEventChars: 100_000,
  });
  for (const chunk of chunks) parser.push(chunk);
  return { ...result, lastEventId: parser.lastEventId };
}

const { cases } = readCorpus();

test("the corpus has all its cases", () => {
  expect(cases.length).toBe(153);
});

describe.each(cases)("$id", ({ input, splits, expect: expected }) => {
  test("as it is cut in the corpus", () => {
    expect(parse(cut(input, splits))).toEqual(expected);
  });

  test("whole", () => {
    expect(parse([input])).toEqual(expected);
  });

  test("one byte at a time", () => {
    expect(parse(Array.from(input, (byte) => Uint8Array.of(byte)))).toEqual(expected);
  });

  test("cut in two at every byte", () => {
    const wanted = JSON.stringify(expected);
    const wrongAt = Array.from(input, (_, offset) => offset).filter(
      (offset) => JSON.stringify(parse(cut(input, [offset]))) !== wanted,
    );
    expect(wrongAt).toEqual([]);
  });
});
