/** Runs the corpus over openEventStream and a real HTTP server. */
import { createServer } from "node:http";
import type { Server, ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { setImmediate as nextTurn } from "node:timers/promises";
import { openEventStream } from "@typebar/client";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { cut, readCorpus } from "./corpus.ts";
import type { ExpectedEvent } from "./corpus.ts";

const { cases, reconnect } = readCorpus();

/** Bodies that wait to be served, one a request; after the last one the answer is 204. */
let bodies: Uint8Array[][] = [];
/** `Last-Event-ID` of each request, decoded as the standard has it. */
let sent: (string | null)[] = [];
let server: Server;
let url: string;

beforeAll(async () => {
  server = createServer((request, response) => {
    const header = request.headers["last-event-id"];
    sent.push(header === undefined ? null : Buffer.from(String(header), "latin1").toString("utf8"));
    void answer(response, bodies.shift());
  });
  await new Promise<void>((resolve) => {
    server.listen(0, "127.0.0.1", resolve);
  });
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
});

afterAll(() => {
  server.close();
});

async function answer(response: ServerResponse, chunks: Uint8Array[] | undefined): Promise<void> {
  if (chunks === undefined) {
    response.writeHead(204).end();
    return;
  }
  response.writeHead(200, { "Content-Type": "text/event-stream" });
  for (const chunk of chunks) {
    response.write(chunk);
    await nextTurn();
  }
  response.end();
}

/** Serves the bodies one after the other, and follows until the 204. Pauses are ended at once. */
async function follow(
  served: Uint8Array[][],
): Promise<{ events: ExpectedEvent[]; delaysMs: number[]; lastEventId: string }> {
  bodies = served;
  sent = [];
  const events: ExpectedEvent[] = [];
  const delaysMs: number[] = [];
  await using stream = openEventStream(url, {
    backoff: { random: () => 0 },
    onStateChange(state) {
      if (state.name !== "waiting") return;
      delaysMs.push(state.delayMs);
      stream.retryNow();
    },
  });
  for await (const { event, data, lastEventId } of stream) events.push({ type: event, data, lastEventId });
  return { events, delaysMs, lastEventId: stream.lastEventId };
}

describe.each(cases.filter(({ parserOnly }) => !parserOnly))("$id", ({ input, splits, expect: expected }) => {
  test("arrives through openEventStream as through the parser", async () => {
    const { events, delaysMs, lastEventId } = await follow([cut(input, splits)]);
    expect(events).toEqual(expected.events);
    expect(lastEventId).toBe(expected.lastEventId);
    expect(delaysMs).toEqual([expected.retry.at(-1) ?? 0]);
    expect(sent).toEqual([null, expected.lastEventId === "" ? null : expected.lastEventId]);
  });
});

test.each(reconnect)("$id", async ({ streams, expect: expected }) => {
  const { events } = await follow(streams.map((stream) => [stream]));
  expect(events).toEqual(expected.events);
  expect(sent).toEqual(expected.sent);
});
