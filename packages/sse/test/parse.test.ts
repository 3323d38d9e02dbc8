import { describe, expect, test } from "vitest";
import { createEventParser, encodeEvent, ParseError } from "../src/index.ts";
import type { EventParserOptions, IncomingEvent } from "../src/index.ts";

const utf8 = new TextEncoder();

function collect(options: Omit<EventParserOptions, "onEvent"> = {}): {
  events: IncomingEvent[];
  ownIds: (string | undefined)[];
  lastEventId: () => string;
  push: (text: string | Uint8Array) => void;
} {
  const events: IncomingEvent[] = [];
  const ownIds: (string | undefined)[] = [];
  const parser = createEventParser({
    ...options,
    onEvent(event, ownId) {
      events.push(event);
      ownIds.push(ownId);
    },
  });
  return {
    events,
    ownIds,
    lastEventId: () => parser.lastEventId,
    push: (text) => parser.push(typeof text === "string" ? utf8.encode(text) : text),
  };
}

function refusalOf(push: () => void): unknown {
  try {
    push();
    return undefined;
  } catch (error) {
    return error;
  }
}

test("an inherited ID can be told from an event's own", () => {
  const { events, ownIds, push } = collect({ lastEventId: "before" });
  push("data: a\n\nid: 1\ndata: b\n\ndata: c\n\n");
  expect(events.map(({ lastEventId }) => lastEventId)).toEqual(["before", "1", "1"]);
  expect(ownIds).toEqual([undefined, "1", undefined]);
});

test("a block with nothing but an ID sets the last event ID, once its blank line is there", () => {
  const { events, lastEventId, push } = collect();
  push("id: 5\n");
  expect(lastEventId()).toBe("");
  push("\n");
  expect(lastEventId()).toBe("5");
  expect(events).toEqual([]);
});

test("comments and reconnection times are told as soon as their line ends", () => {
  const told: unknown[] = [];
  const { push } = collect({ onComment: (text) => told.push(text), onRetry: (retryMs) => told.push(retryMs) });
  push(": ping\nretry: 250\nretry: 99999999999\ndata: half");
  expect(told).toEqual(["ping", 250, 2 ** 31 - 1]);
});

describe("maxEventChars", () => {
  const cuts = Array.from({ length: 140 }, (_, at) => at);

  test("an event at the limit passes wherever it is cut, with its name and ID beside it", () => {
    const event = { event: "a-name", data: "x".repeat(100), id: "an-id" };
    const bytes = encodeEvent(event);
    for (const at of cuts) {
      const { events, push } = collect({ maxEventChars: 100 });
      push(bytes.subarray(0, at));
      push(bytes.subarray(at));
      expect(events).toEqual([{ event: "a-name", data: event.data, lastEventId: "an-id" }]);
    }
  });

  test("an event over the limit is refused wherever it is cut; those before it are handed out, none after it", () => {
    const bytes = Buffer.concat(["ok", "x".repeat(101), "late"].map((data) => encodeEvent({ data })));
    for (const at of cuts) {
      const { events, push } = collect({ maxEventChars: 100 });
      const error = refusalOf(() => {
        push(bytes.subarray(0, at));
        push(bytes.subarray(at));
      });
      expect(error).toBeInstanceOf(ParseError);
      expect((error as ParseError).code).toBe("event-too-large");
      expect(events.map(({ data }) => data)).toEqual(["ok"]);
      expect(refusalOf(() => push("data: more\n\n"))).toBe(error);
    }
  });

  test.each([
    ["a line without an end", "data: ", "x"],
    ["lines without a blank line", "", "data: xxxxxxxx\n"],
    ["empty lines of data", "", "data\n"],
  ])("%s is refused, not collected", (_, start, more) => {
    const { push } = collect({ maxEventChars: 1000 });
    const error = refusalOf(() => {
      push(start);
      for (let pushed = 0; pushed < 1_000_000; pushed += more.length) push(more);
    });
    expect(error).toMatchObject({ code: "event-too-large" });
  });

  test("a limit that is not a positive number is a TypeError", () => {
    expect(() => collect({ maxEventChars: 0 })).toThrow(TypeError);
    expect(() => collect({ maxEventChars: Number.NaN })).toThrow(TypeError);
  });
});
