/** What a hub does behind every adapter alike, beside going on after cuts (reconnects.test.ts). */
import { once } from "node:events";
import { connect } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import type { IncomingEvent } from "@typebar/sse";
import { randomFor, randomInteger, seedText } from "@typebar/testing";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { adapters } from "./adapters.ts";
import { allowedOrigin, type HubServer, type WorldOptions, type WorldState } from "./hub-world.ts";
import { openStreamClient, type StreamClient, type StreamClientOptions } from "./stream-client.ts";

let server: HubServer;
let clients: StreamClient[];

beforeEach(() => {
  clients = [];
  vi.spyOn(console, "error");
  // @hono/node-server notes every stream that is cut off, in one line.
  vi.spyOn(console, "info").mockReturnValue(undefined);
});

afterEach(async () => {
  for (const client of clients) client.leave();
  await server[Symbol.asyncDispose]();
  // No framework takes what the hub does for a fault.
  expect(console.error).not.toHaveBeenCalled();
  vi.restoreAllMocks();
});

function openClient(query: string, options: Partial<StreamClientOptions> = {}): StreamClient {
  const client = openStreamClient({ port: server.port, query, ...options });
  clients.push(client);
  return client;
}

const publish = (channel: string, data: readonly unknown[]): Promise<WorldState> =>
  server.control({ type: "publish", channel, data });

const numbers = (first: number, last: number): number[] =>
  Array.from({ length: last - first + 1 }, (_, index) => first + index);

const named = (client: StreamClient, name: string): IncomingEvent[] =>
  client.events.filter(({ event }) => event === name);

const ticks = (client: StreamClient): unknown[] => named(client, "tick").map(({ data }) => JSON.parse(data) as unknown);

const resets = (client: StreamClient): unknown[] =>
  named(client, "reset").map(({ data }) => JSON.parse(data) as unknown);

/** Waits for something that comes by itself, without saying when. */
async function reach(condition: (state: WorldState) => boolean): Promise<WorldState> {
  for (;;) {
    const state = await server.control({ type: "state" });
    if (condition(state)) return state;
    await sleep(2);
  }
}

/** Follows until so many events have come, leaves, and says where that was. */
async function followUntil(query: string, eventCount: number): Promise<string> {
  const client = openClient(query);
  await client.until(() => ticks(client).length >= eventCount);
  client.leave();
  await reach(({ openCount }) => openCount === 0);
  return named(client, "tick")[eventCount - 1]?.lastEventId ?? "";
}

describe.each(adapters)("$name", (adapter) => {
  if (adapter.missing !== undefined) {
    it.todo(`is not here: ${adapter.missing}`);
    return;
  }

  const begin = async (options: WorldOptions = {}): Promise<void> => void (server = await adapter.open(options));

  it("keeps the headers of others, and is neither compressed nor held back", async () => {
    await begin();
    const client = openClient("channels=a");
    await client.until(() => client.events.length === 1);
    expect(client.response?.statusCode).toBe(200);
    expect(client.response?.headers).toMatchObject({
      "access-control-allow-origin": allowedOrigin,
      "cache-control": "no-cache, no-store, no-transform",
      "content-type": "text/event-stream; charset=utf-8",
      "x-accel-buffering": "no",
    });
    expect(client.response?.headers["content-encoding"]).toBeUndefined();
    for (const number of numbers(1, 5)) {
      await publish("a", [number]);
      await client.until(() => ticks(client).length === number);
    }
    expect(ticks(client)).toEqual(numbers(1, 5));
  });

  it("answers a refusal with its code, and with the headers of others", async () => {
    await begin();
    const client = openClient("channels=a&user=refused");
    await client.closed;
    expect(client.response?.statusCode).toBe(403);
    expect(client.response?.headers).toMatchObject({
      "access-control-allow-origin": allowedOrigin,
      "content-type": "application/problem+json",
    });
    expect(client.events).toEqual([]);
  });

  it("goes on in each of several channels by one ID", async () => {
    await begin();
    await publish("a", numbers(1, 3));
    await publish("b", numbers(11, 13));
    const first = openClient("channels=b,a&history=2");
    await first.until(() => ticks(first).length === 4);
    first.leave();
    await publish("b", numbers(14, 15));
    await publish("a", numbers(4, 6));
    const { lastEventId = "" } = first.events.at(-1) ?? {};
    expect(lastEventId).toMatch(/^a@\d+:3,b@\d+:3$/);
    const second = openClient("channels=a,b", { lastEventId });
    await second.until(() => ticks(second).length === 5);
    expect((ticks(first) as number[]).toSorted((a, b) => a - b)).toEqual([2, 3, 12, 13]);
    expect((ticks(second) as number[]).filter((number) => number < 10)).toEqual([4, 5, 6]);
    expect((ticks(second) as number[]).filter((number) => number > 10)).toEqual([14, 15]);
    expect(resets(second)).toEqual([]);
  });

  it("says that what followed an ID is no longer kept, and begins with what is", async () => {
    await begin({ history: { count: 8 } });
    await publish("a", numbers(1, 4));
    const lastEventId = await followUntil("channels=a&history=4", 3);
    for (const number of numbers(5, 40)) await publish("a", [number]);
    const client = openClient("channels=a", { lastEventId });
    await client.until(() => ticks(client).at(-1) === 40);
    expect(resets(client)).toEqual([{ channel: "a", reason: "expired" }]);
    const [firstKept] = ticks(client) as number[];
    expect(firstKept).toBeGreaterThan(30);
    expect(ticks(client)).toEqual(numbers(firstKept ?? 0, 40));
  });

  it("says that an ID is of a history that is no longer the channel's", async () => {
    await begin();
    await publish("a", numbers(1, 4));
    const lastEventId = await followUntil("channels=a&history=4", 4);
    await server.control({ type: "forget", channel: "a" });
    await publish("a", numbers(101, 106));
    const client = openClient("channels=a", { lastEventId });
    await client.until(() => ticks(client).at(-1) === 106);
    expect(resets(client)).toEqual([{ channel: "a", reason: "diverged" }]);
    expect(ticks(client)).toEqual(numbers(101, 106));
  });

  it("says so of an ID that is none of its own", async () => {
    await begin();
    await publish("a", numbers(1, 4));
    const client = openClient("channels=a", { lastEventId: "yesterday" });
    await client.until(() => ticks(client).at(-1) === 4);
    expect(resets(client)).toEqual([{ channel: "a", reason: "unknown" }]);
    expect(ticks(client)).toEqual(numbers(1, 4));
  });

  it("gives a reader that is slower than the publisher everything, in order", async () => {
    await begin({ history: { count: 10_000 } });
    const client = openClient("channels=a");
    await client.until(() => client.events.length === 1);
    client.pause();
    const text = "x".repeat(2000);
    // More than the system's buffers of both sides hold.
    for (const part of numbers(0, 59)) {
      await publish(
        "a",
        numbers(1, 100).map((number) => ({ number: part * 100 + number, text })),
      );
    }
    client.resume();
    await client.until(() => ticks(client).length >= 6000);
    expect((ticks(client) as Array<{ number: number }>).map(({ number }) => number)).toEqual(numbers(1, 6000));
    expect(resets(client)).toEqual([]);
  });

  it("lets go of a reader that has stopped", async () => {
    await begin({ history: { count: 10_000 }, timings: { progressTimeoutMs: 200 } });
    const client = openClient("channels=a");
    await client.until(() => client.events.length === 1);
    client.pause();
    const text = "x".repeat(2000);
    for (const part of numbers(0, 99)) {
      await publish(
        "a",
        numbers(1, 100).map((number) => ({ number: part * 100 + number, text })),
      );
    }
    const { closed } = await reach(({ openCount }) => openCount === 0);
    expect(closed).toEqual({ stalled: 1 });
  });

  it("says before it ends a connection after its time when to come back, and ends it so that it is seen as cut off", async () => {
    await begin({ timings: { rotateMs: 100, rotateRetryMs: 7 } });
    await publish("a", [1]);
    const lastEventId = await followUntil("channels=a&history=1", 1);
    const client = openClient("channels=a", { lastEventId });
    await client.closed;
    expect([client.response?.complete, client.retryMs]).toEqual([false, 7]);
    const { closed } = await server.control({ type: "state" });
    expect(closed).toMatchObject({ rotated: 1 });
  });

  it("lets those come back who come while it is being closed: a refusal would end an EventSource for good", async () => {
    await begin({ timings: { retryMs: 1234 } });
    const follower = openClient("channels=a");
    await follower.until(() => follower.events.length === 1);
    await server.control({ type: "close" });
    await follower.closed;
    expect(follower.response?.complete).toBe(false);
    const late = openClient("channels=a", { lastEventId: follower.events[0]?.lastEventId });
    await late.closed;
    expect(late.response?.statusCode).toBe(200);
    expect(late.response?.headers).toMatchObject({
      "access-control-allow-origin": allowedOrigin,
      "content-type": "text/event-stream; charset=utf-8",
    });
    expect([late.events, late.retryMs, late.response?.complete]).toEqual([[], 1234, false]);
    expect((await server.control({ type: "state" })).openCount).toBe(0);
  });

  it("leaves nothing behind of a client that leaves while its right is being asked for", async () => {
    await begin({ limits: { connectionsPerUser: 1 } });
    const client = openClient("channels=a&user=waiting");
    await reach(({ askedCount }) => askedCount === 1);
    client.leave();
    await client.closed;
    // A later answer of the same server: it knows by now that the client has left.
    const other = openClient("channels=b&user=refused");
    await other.closed;
    await server.control({ type: "allow" });
    await reach(({ openCount, presentCount }) => openCount === 0 && presentCount === 0);

    // The only place of that user is free again.
    const again = openClient("channels=a&user=waiting");
    await reach(({ askedCount }) => askedCount === 1);
    await server.control({ type: "allow" });
    await again.until(() => again.events.length === 1);
    expect(await server.control({ type: "state" })).toMatchObject({ openCount: 1, presentCount: 1 });
  });

  it(`leaves nothing behind of requests that are aborted before their answer (${seedText})`, async () => {
    await begin({ limits: { connections: 64 } });
    const random = randomFor(`aborted requests ${adapter.name}`);
    const request = "GET /events?channels=a,b HTTP/1.1\r\nHost: 127.0.0.1\r\nAccept: text/event-stream\r\n\r\n";
    const abort = async (): Promise<void> => {
      const socket = connect(server.port, "127.0.0.1");
      socket.on("error", () => undefined);
      await once(socket, "connect");
      const length = random() < 0.5 ? request.length : randomInteger(random, 1, request.length);
      await new Promise((resolve) => socket.write(request.slice(0, length), resolve));
      const pauseMs = randomInteger(random, 0, 3);
      if (pauseMs > 0) await sleep(pauseMs);
      socket.resetAndDestroy();
    };
    for (let round = 0; round < 20; round += 1) await Promise.all(numbers(1, 10).map(abort));
    await reach(({ openCount, presentCount }) => openCount === 0 && presentCount === 0);
    const followers = numbers(1, 64).map(() => openClient("channels=a"));
    await Promise.all(followers.map((client) => client.until(() => client.events.length === 1)));
    expect(await server.control({ type: "state" })).toMatchObject({ openCount: 64, presentCount: 64 });
  });
});
