import { openMemoryLog } from "@typebar/log/memory";
import { start } from "@typebar/log";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { type ConnectionTimings, createEventStreams, type EventStreams } from "../src/index.ts";
import { createConnectionSet } from "../src/connection-set.ts";
import { createNodeExchange } from "../src/node-sink.ts";
import { createPacket, emptyPacket } from "../src/packet.ts";
import type { Feed, Pull } from "../src/pull.ts";
import { type ObservedLog, observeLog } from "./observed-log.ts";
import { openRawClient, type RawClient, type RawClientOptions } from "./raw-client.ts";
import { countWrites, eventually, startStreamServer, type StreamServer } from "./stream-server.ts";
import { createTextFormat, endPayload, openWriter, parseId, pieces, type Writer } from "./text-format.ts";

const logId = "answer";
let log: ObservedLog;
let writer: Writer;
let streams: EventStreams;
let server: StreamServer;
let clients: RawClient[];

async function begin(timings: Partial<ConnectionTimings> = {}, random?: () => number): Promise<void> {
  log = observeLog(openMemoryLog());
  writer = await openWriter(log, logId);
  streams = createEventStreams({ log, timings, ...(random && { random }) });
  server = await startStreamServer(({ request, response, query }) =>
    streams.open({
      request,
      response,
      source: { logId },
      format: createTextFormat(),
      after: query.has("after") ? parseId(query.get("after") ?? "") : start,
      rotate: query.has("rotate"),
      ...(query.has("headers") && { headers: { "Typebar-Generation": query.get("headers") ?? "" } }),
      ...(query.has("preamble") && { preamble: { event: "reset", data: "{}", id: "0.0" } }),
    }),
  );
  clients = [];
}

function openClient(path?: string, options: Partial<RawClientOptions> = {}): RawClient {
  const client = openRawClient({ server: server.port, ...(path !== undefined && { path }), ...options });
  clients.push(client);
  return client;
}

const text = (client: RawClient): string =>
  client
    .events()
    .map(({ data }) => data)
    .join("");

const closeReason = async (index = 0): Promise<string> => {
  await eventually(() => server.opened.length > index);
  const opened = server.opened[index];
  if (!opened || !("closed" in opened)) throw new Error("it was not opened");
  return opened.closed;
};

const nothingStays = async (): Promise<void> => {
  await eventually(() => streams.openCount === 0);
  await eventually(() => log.watcherCount === 0);
};

beforeEach(() => begin());
afterEach(async () => {
  for (const client of clients) client.socket.destroy();
  await server.close();
  await nothingStays();
});

describe("the opening", () => {
  it("sends head, reconnection time, padding and what is stored in one write", async () => {
    await writer.append(...pieces(0, 3));
    const writes: Array<{ count: number }> = [];
    server.http.on("connection", (socket) => writes.push(countWrites(socket)));
    const client = openClient();
    await client.until(() => client.events().length > 0);
    expect(writes).toEqual([{ count: 1 }]);
    expect(client.chunks).toHaveLength(1);
    expect(client.head()).toMatch(/^HTTP\/1.1 200 OK\r\n/);
    expect(client.head()).toContain("Content-Type: text/event-stream; charset=utf-8\r\n");
    expect(client.head()).toContain("Cache-Control: no-cache, no-store, no-transform\r\n");
    expect(client.head()).toContain("X-Accel-Buffering: no\r\n");
    expect(client.body()).toBe(`retry: 1000\n: ${" ".repeat(2046)}\ndata: 0,1,2,\nid: 1.3\n\n`);
  });

  it("leaves the padding out where the events of the first write are enough to wake a proxy", async () => {
    await writer.append("x".repeat(2048));
    const client = openClient();
    await client.until(() => client.events().length > 0);
    expect(client.body()).toMatch(/^retry: 1000\ndata: x+\nid: 1.1\n\n$/);
  });

  it("sends the head at once where nothing is stored, and the first record when it comes", async () => {
    const client = openClient();
    await client.until(() => client.body().startsWith("retry: 1000\n"));
    await writer.append("a");
    await client.until(() => client.body().endsWith("\ndata: a\nid: 1.1\n\n"));
  });

  it("sends the caller's headers and preamble before the records, in the same write", async () => {
    await writer.append("a");
    const client = openClient("/?headers=g1&preamble");
    await client.until(() => client.events().length > 0);
    expect(client.chunks).toHaveLength(1);
    expect(client.head()).toContain("Typebar-Generation: g1\r\n");
    expect(client.events().map(({ event }) => event)).toEqual(["reset", "message"]);
  });

  it("goes on after the position asked for", async () => {
    await writer.append(...pieces(0, 5));
    const client = openClient("/?after=1.3");
    await client.until(() => client.events().length > 0);
    expect(client.events()).toEqual([{ event: "message", data: "3,4,", lastEventId: "1.5" }]);
  });

  it("refuses a position that is not of this log, with nothing written", async () => {
    await writer.append(...pieces(0, 5));
    const [beyond, otherEpoch] = [openClient("/?after=1.6"), openClient("/?after=2.3")];
    await Promise.all([beyond.until(() => beyond.head() !== ""), otherEpoch.until(() => otherEpoch.head() !== "")]);
    expect(server.opened).toEqual([{ type: "diverged" }, { type: "diverged" }]);
    await log.trim(logId, { count: 1 });
    const trimmed = openClient("/?after=1.1");
    await trimmed.until(() => trimmed.head() !== "");
    expect(server.opened.at(-1)).toEqual({ type: "expired" });
    expect(trimmed.head()).toContain("409");
  });

  it("throws with nothing written when the log cannot be read", async () => {
    log.failing = true;
    const client = openClient();
    await client.until(() => client.head() !== "");
    expect(client.head()).toContain("500");
    expect(server.opened[0]).toMatchObject({ type: "threw", error: { code: "unavailable" } });
    await nothingStays();
  });

  it("throws with nothing written, and leaves nothing behind, when a header cannot be sent", async () => {
    const client = openClient("/?headers=%00");
    await client.until(() => client.head() !== "");
    expect(client.head()).toContain("500");
    expect(server.opened[0]).toMatchObject({ type: "threw", error: { code: "ERR_INVALID_CHAR" } });
    await nothingStays();
  });
});

describe("catching up", () => {
  it("lets others be served in between, however much the socket takes at once", async () => {
    let turn = 0;
    const readsOfTurn = new Map<number, number>();
    log.pause = () => {
      readsOfTurn.set(turn, (readsOfTurn.get(turn) ?? 0) + 1);
      return undefined;
    };
    const payloads = Array.from({ length: 40 }, (_, index) => String(index % 10).repeat(50_000));
    await writer.append(...payloads, endPayload);
    let counting = true;
    const count = (): void => {
      turn += 1;
      if (counting) setImmediate(count);
    };
    count();
    const client = openClient();
    await client.until(() => client.hasLastChunk());
    counting = false;
    expect(text(client)).toBe(payloads.join("") + endPayload);
    // Each read is counted twice, and the opening reads more than once in its turn; all of them are 82.
    expect(Math.max(...readsOfTurn.values())).toBeLessThan(10);
  });
});

describe("the stream", () => {
  it("writes once for many appends of one turn", async () => {
    const client = openClient();
    await client.until(() => client.body() !== "");
    const [socket] = server.sockets;
    if (!socket) throw new Error("no socket");
    const writes = countWrites(socket);
    await Promise.all(pieces(0, 100).map((piece) => writer.append(piece)));
    await client.until(() => text(client).endsWith("99,"));
    expect(writes.count).toBe(1);
    expect(text(client)).toBe(pieces(0, 100).join(""));
  });

  it("writes only blocks that have data, with the ID as the last line", async () => {
    await writer.append(...pieces(0, 3));
    const client = openClient();
    await client.until(() => client.body() !== "");
    for (const piece of pieces(3, 20)) {
      await writer.append(piece);
      await new Promise(setImmediate);
    }
    await writer.append("two\nlines", endPayload);
    await client.until(() => client.hasLastChunk());
    const blocks = client.body().split("\n\n");
    expect(blocks.pop()).toBe("");
    blocks[0] = blocks[0]?.replace(/^retry: 1000\n: +\n/, "") ?? "";
    for (const block of blocks) expect(block).toMatch(/^(data: .*\n)+id: 1\.\d+$/);
    expect(await closeReason()).toBe("ended");
  });

  it("sends a comment line without a blank line in silence", async () => {
    await server.close();
    await begin({ heartbeatMs: 20 });
    await writer.append("a");
    const client = openClient();
    await client.until(() => client.body().endsWith("\n\n:\n:\n:\n"));
    await writer.append("b");
    await client.until(() => text(client) === "ab");
    expect(client.events().map(({ data }) => data)).toEqual(["a", "b"]);
  });

  it("serves another request on the same socket after the end", async () => {
    await writer.append("a", endPayload);
    const client = openClient();
    await client.until(() => client.hasLastChunk());
    expect(await closeReason()).toBe("ended");
    const [first] = server.opened;
    if (first && "close" in first) first.close("shutdown");
    client.chunks.length = 0;
    client.socket.write("GET /?after=1.1 HTTP/1.1\r\nHost: localhost\r\n\r\n");
    await client.until(() => client.hasLastChunk());
    expect(client.events()).toEqual([{ event: "message", data: endPayload, lastEventId: "1.2" }]);
    expect(server.sockets).toHaveLength(1);
  });

  it("pulls again where it was woken while it was pulling", async () => {
    const nothing: Pull = { type: "packet", packet: emptyPacket, position: start, end: false };
    const packet = createPacket([Buffer.from("data: a\n\n")], 1);
    const last: Pull = { type: "packet", packet, position: start, end: true };
    const { promise: pulled, resolve: pull } = Promise.withResolvers<Pull>();
    const pulls: Array<Pull | Promise<Pull>> = [nothing, pulled, last];
    let wake: (() => void) | undefined;
    const feed: Feed = {
      pull: () => pulls.shift() ?? nothing,
      watch: (listener) => {
        wake = listener;
        return () => undefined;
      },
    };
    const connections = createConnectionSet({});
    const other = await startStreamServer(({ request, response }) =>
      connections.open({
        exchange: createNodeExchange(request, response),
        feed,
        after: start,
        rotate: false,
        resumed: false,
      }),
    );
    const client = openRawClient({ server: other.port });
    await eventually(() => pulls.length === 1);
    wake?.();
    pull(nothing);
    await client.until(() => client.hasLastChunk());
    expect(client.events()).toHaveLength(1);
    await other.close();
  });

  it("has nothing after the end record: who asks for it must have been answered before", async () => {
    await writer.append("a", endPayload);
    const client = openClient("/?after=1.2");
    await client.until(() => client.body() !== "");
    expect(client.events()).toEqual([]);
    expect(streams.openCount).toBe(1);
  });
});

describe("a client that leaves", () => {
  it("before the log was read, is not registered", async () => {
    const { promise: read, resolve: goOn } = Promise.withResolvers<void>();
    log.pause = () => read;
    const client = openClient();
    await eventually(() => log.readCount === 1);
    client.socket.destroy();
    await eventually(() => server.sockets[0]?.destroyed === true);
    goOn();
    await eventually(() => server.opened.length === 1);
    expect(server.opened).toEqual([{ type: "gone" }]);
    await nothingStays();
  });

  it("right after the head, leaves nothing behind", async () => {
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "setInterval", "clearInterval"] });
    try {
      const client = openClient("/?rotate");
      await client.until(() => client.head() !== "");
      expect(streams.openCount).toBe(1);
      expect(vi.getTimerCount()).toBeGreaterThan(0);
      client.socket.destroy();
      expect(await closeReason()).toBe("client-gone");
      await nothingStays();
      expect(vi.getTimerCount()).toBe(0);
    } finally {
      vi.useRealTimers();
    }
  });

  it("while it is being written to, leaves nothing behind and is not read for again", async () => {
    const client = openClient();
    await client.until(() => client.head() !== "");
    const { promise: read, resolve: goOn } = Promise.withResolvers<void>();
    log.pause = () => read;
    await writer.append("x".repeat(100_000));
    client.socket.resetAndDestroy();
    expect(await closeReason()).toBe("client-gone");
    goOn();
    await nothingStays();
    const { readCount } = log;
    await writer.append("b");
    await new Promise(setImmediate);
    expect(log.readCount).toBe(readCount);
  });

  it("with requests waiting on its socket, leaves nothing of those behind", async () => {
    const client = openClient();
    client.socket.write("GET / HTTP/1.1\r\nHost: localhost\r\n\r\n".repeat(3));
    await eventually(() => streams.openCount === 4);
    client.socket.destroy();
    await nothingStays();
  });

  it("may close its sending half: it is taken for gone", async () => {
    const client = openClient();
    await client.until(() => client.head() !== "");
    client.socket.end();
    expect(await closeReason()).toBe("client-gone");
  });
});

describe("rotation", () => {
  it("ends a connection that asked for it, after a short reconnection time, as cut off", async () => {
    await server.close();
    await begin({ rotateMs: 30 });
    await writer.append("a");
    const rotated = openClient("/?rotate");
    expect(await rotated.closed).toBe("end");
    expect(rotated.body()).toMatch(/\ndata: a\nid: 1\.1\n\nretry: 250\n$/);
    expect(rotated.hasLastChunk()).toBe(false);
    expect(await closeReason()).toBe("rotated");
  });

  it("never ends one that did not ask for it", async () => {
    vi.useFakeTimers({ toFake: ["setInterval", "clearInterval"] });
    try {
      const client = openClient();
      await client.until(() => client.head() !== "");
      for (let minute = 0; minute < 60; minute++) vi.advanceTimersByTime(60_000);
      await new Promise(setImmediate);
      expect(server.sockets[0]?.writable).toBe(true);
      expect(streams.openCount).toBe(1);
      client.socket.destroy();
      await nothingStays();
    } finally {
      vi.useRealTimers();
    }
  });

  it.each([
    [0, 800],
    [0.5, 1000],
    [0.75, 1100],
  ])("takes its time ± 20 %: by the random number %d", async (random, lifeMs) => {
    await server.close();
    vi.useFakeTimers({ toFake: ["setInterval", "clearInterval"] });
    try {
      await begin({ rotateMs: 1000 }, () => random);
      const client = openClient("/?rotate");
      await client.until(() => client.head() !== "");
      vi.advanceTimersByTime(lifeMs - 1);
      await new Promise(setImmediate);
      expect(server.sockets[0]?.writable).toBe(true);
      vi.advanceTimersByTime(1);
      expect(await closeReason()).toBe("rotated");
    } finally {
      vi.useRealTimers();
    }
  });
});
