/** What is encoded is what is parsed, and nothing that is put into an event becomes another event. */
import { createEventParser, encodeComment, encodeEvent, EncodeError, encodeRetry } from "@typebar/sse";
import type { OutgoingEvent } from "@typebar/sse";
import * as fc from "fast-check";
import { expect, test } from "vitest";
import { cut } from "./corpus.ts";

interface Parsed {
  events: { event: string; data: string; lastEventId: string; ownId: string | undefined }[];
  retry: number[];
  comments: string[];
}

function parse(chunks: Uint8Array[]): Parsed {
  const parsed: Parsed = { events: [], retry: [], comments: [] };
  const parser = createEventParser({
    onEvent: (event, ownId) => parsed.events.push({ ...event, ownId }),
    onRetry: (retryMs) => parsed.retry.push(retryMs),
    onComment: (text) => parsed.comments.push(text),
  });
  for (const chunk of chunks) parser.push(chunk);
  return parsed;
}

/** Text that looks like the wire, or is hard on a decoder. */
const piece = fc.constantFrom(
  ..."\n|\r|\r\n|\n\n|\0|\uFEFF|:|: |data:|data: x|event: close|id: 9|retry: 1|\n\ndata: injected\n\n".split("|"),
  "你好",
  "，",
  "👩‍👩‍👧",
  "é",
  "\u2028",
  "\u0085",
  " ",
  "a",
  "{}",
);
const text = fc
  .array(fc.oneof(piece, fc.string({ unit: "binary" })), { maxLength: 12 })
  .map((pieces) => pieces.join(""));
const forbidden = /[\0\r\n]/;
const field = text.map((value) => value.replaceAll(/[\0\r\n]/g, ""));
const eventName = field.filter((name) => name !== "");

const outgoing: fc.Arbitrary<OutgoingEvent> = fc.record(
  { data: text, event: eventName, id: field },
  { requiredKeys: ["data"] },
);

test("any events arrive as they were, wherever the bytes are cut", () => {
  fc.assert(
    fc.property(fc.array(outgoing, { maxLength: 5 }), fc.array(fc.nat(), { maxLength: 8 }), (events, cuts) => {
      const bytes = Buffer.concat(events.map(encodeEvent));
      const offsets = cuts.map((at) => at % (bytes.length + 1)).sort((a, b) => a - b);
      let lastEventId = "";
      const expected = events.map(({ data, event = "message", id }) => {
        lastEventId = id ?? lastEventId;
        return { event, data: data.replaceAll(/\r\n?/g, "\n"), lastEventId, ownId: id };
      });
      expect(parse(cut(bytes, offsets)).events).toEqual(expected);
    }),
    { numRuns: 2000 },
  );
});

test("no field can be injected: a value either stays in its field or is refused", () => {
  fc.assert(
    fc.property(text, text, text, (data, event, id) => {
      let bytes: Uint8Array;
      try {
        bytes = encodeEvent({ data, event, id });
      } catch (error) {
        expect(error).toBeInstanceOf(EncodeError);
        expect(forbidden.test(event) || forbidden.test(id) || event === "").toBe(true);
        return;
      }
      expect(forbidden.test(event) || forbidden.test(id)).toBe(false);
      const parsed = parse([bytes]);
      expect(parsed.events.map(({ event, ownId }) => ({ event, ownId }))).toEqual([{ event, ownId: id }]);
      expect(parsed.retry).toEqual([]);
      expect(parsed.comments).toEqual([]);
    }),
    { numRuns: 2000 },
  );
});

test("a comment stays a comment, and neither it nor a reconnection time ends a block", () => {
  fc.assert(
    fc.property(text, fc.integer({ min: 0, max: 2 ** 31 - 1 }), (comment, retryMs) => {
      fc.pre(!/[\r\n]/.test(comment));
      const block = encodeEvent({ data: "whole", id: "1" });
      const parsed = parse([encodeRetry(retryMs), encodeComment(comment), block]);
      expect(parsed).toEqual({
        events: [{ event: "message", data: "whole", lastEventId: "1", ownId: "1" }],
        retry: [retryMs],
        comments: [comment],
      });
    }),
    { numRuns: 500 },
  );
});

test("a block that is cut anywhere before its end is no event, and its ID does not count", () => {
  fc.assert(
    fc.property(outgoing, fc.nat(), (event, at) => {
      const bytes = encodeEvent(event);
      expect(parse([bytes.subarray(0, at % bytes.length)]).events).toEqual([]);
    }),
    { numRuns: 1000 },
  );
});
