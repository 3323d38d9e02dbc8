/** One answer, cut wherever it can be: the text is exact, and no event comes twice. */
import { encodeComment, encodeEvent, encodeRetry } from "@typebar/sse";
import { describe, expect, test } from "vitest";
import { openEventStream } from "../src/index.ts";
import { collect, drain, quick } from "./collect.ts";
import { serve } from "./scripted-server.ts";
import type { ScriptedAnswer } from "./scripted-server.ts";

const pieces = ["Hel", "lo\n\n", "你好", "👩‍👩‍👧", "data: x\n\n", "event: close\r", "id: 99", ""];
const events = [
  ...pieces.map((data, index) => ({ data, id: `g:1.${index + 1}` })),
  { event: "close", data: "[DONE]", id: `g:1.${pieces.length + 1}` },
];
const wanted = events.map(({ data }) => data.replaceAll("\r", "\n"));
const firstLines = Buffer.concat([encodeRetry(0), encodeComment("x".repeat(20))]);

/** The stream after an ID, as a server that resumes would send it. */
function after(id: string | undefined): Buffer {
  const at = events.findIndex((event) => event.id === id) + 1;
  return Buffer.concat([firstLines, ...events.slice(at).map(encodeEvent)]);
}

/** Sends what was asked for up to some byte; then the connection is cut, or ended as if it were whole. */
function upTo(bytes: number, how: "cut" | "ended"): ScriptedAnswer {
  return (response, { headers }) => {
    response.writeHead(200, { "Content-Type": "text/event-stream" }).flushHeaders();
    const body = after(headers["last-event-id"] as string | undefined);
    if (bytes >= body.length || how === "ended") response.end(body.subarray(0, bytes));
    else if (bytes === 0) response.socket?.destroySoon();
    else response.write(body.subarray(0, bytes), () => response.socket?.destroySoon());
  };
}

const whole = after(undefined).length;

describe.each(["cut", "ended"] as const)("an answer that is %s", (how) => {
  test("once, at any byte, is exact", async () => {
    for (let at = 0; at <= whole; at++) {
      await using server = await serve(upTo(at, how), upTo(Infinity, how));
      const { data, error } = await collect(server.url, { method: at % 2 === 0 ? "GET" : "POST" });
      expect({ at, data, error }).toEqual({ at, data: wanted, error: undefined });
      expect(server.requests.length).toBe(at === whole ? 1 : 2);
    }
  });

  test("again and again, after ever so few bytes, is exact", async () => {
    // The first lines and the longest block: less would never bring one event whole.
    const least = firstLines.length + Math.max(...events.map((event) => encodeEvent(event).length));
    await using server = await serve(...Array.from({ length: 20 }, (_, index) => upTo(least + index, how)));
    expect((await collect(server.url)).data).toEqual(wanted);
    expect(server.requests.length).toBeGreaterThan(3);
  });
});

test("an answer whose reader stopped in the middle goes on in another stream by the ID alone", async () => {
  const seen: string[] = [];
  let lastEventId = "";
  for (let round = 0; round < events.length; round++) {
    await using server = await serve(upTo(Infinity, "cut"));
    await using stream = openEventStream(server.url, { ...quick, lastEventId });
    seen.push((await stream.next()).value?.data ?? "nothing");
    ({ lastEventId } = stream);
  }
  expect(seen).toEqual(wanted);
});

test("a server that ignores the ID and begins anew does not make events come twice", async () => {
  const fromStart = after(undefined);
  const answers = Array.from({ length: 5 }, (_, index): ScriptedAnswer => {
    const bytes = Math.floor((fromStart.length * (index + 1)) / 5);
    return (response) => {
      response.writeHead(200, { "Content-Type": "text/event-stream" }).end(fromStart.subarray(0, bytes));
    };
  });
  await using server = await serve(...answers);
  expect((await drain(openEventStream(server.url, quick))).data).toEqual(wanted);
});
