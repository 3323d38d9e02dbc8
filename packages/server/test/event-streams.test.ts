import { start } from "@typebar/log";
import { openMemoryLog } from "@typebar/log/memory";
import { afterEach, beforeEach, expect, it } from "vitest";
import { type Connection, createEventStreams, type EventStreams } from "../src/index.ts";
import { observeLog, type ObservedLog } from "./observed-log.ts";
import { openRawClient, type RawClient } from "./raw-client.ts";
import { eventually, startStreamServer, type StreamServer } from "./stream-server.ts";
import { type CountingFormat, createTextFormat, endPayload, openWriter, pieces } from "./text-format.ts";

let log: ObservedLog;
let streams: EventStreams;
let server: StreamServer;
let format: CountingFormat;

beforeEach(async () => {
  log = observeLog(openMemoryLog());
  streams = createEventStreams({ log });
  format = createTextFormat();
  server = await startStreamServer(({ request, response, query }) => {
    const records = pieces(0, 40).map((payload, index) => ({ epoch: 3, seq: index + 1, payload }));
    const stored = { records: [...records, { epoch: 3, seq: 41, payload: endPayload }] };
    const source = query.has("stored") ? stored : { logId: query.get("log") ?? "answer" };
    return streams.open({ request, response, source, format, after: start, rotate: false });
  });
});
afterEach(async () => {
  await server.close();
  await eventually(() => streams.openCount === 0);
  await eventually(() => log.watcherCount === 0);
});

async function openClient(path = "/"): Promise<RawClient> {
  const client = openRawClient({ server: server.port, path });
  await client.until(() => client.body() !== "");
  return client;
}

const reasons = (): Promise<string[]> =>
  Promise.all(server.opened.filter((opened): opened is Connection => "closed" in opened).map(({ closed }) => closed));

it("follows a log once, and encodes each of its records once, for all connections", async () => {
  const clients = await Promise.all(Array.from({ length: 30 }, () => openClient()));
  expect(streams.openCount).toBe(30);
  await eventually(() => log.watcherCount === 1);
  const { readCount } = log;
  const writer = await openWriter(log, "answer");
  for (const piece of pieces(0, 20)) {
    await writer.append(piece);
    await new Promise(setImmediate);
  }
  await Promise.all(clients.map((client) => client.until(() => client.events().at(-1)?.data === "19,")));
  expect(format.encodeCount).toBe(20);
  expect(log.readCount - readCount).toBeLessThanOrEqual(2 * 20);
});

it("merges a burst once for all connections", async () => {
  const clients = await Promise.all(Array.from({ length: 30 }, () => openClient()));
  await (await openWriter(log, "answer")).append(...pieces(0, 40));
  await Promise.all(clients.map((client) => client.until(() => client.events().at(-1)?.data.endsWith("39,") ?? false)));
  expect(format.encodeCount).toBe(40 + 1);
  expect(format.mergeCount).toBeLessThanOrEqual(30 + 30 + 1);
  for (const client of clients) expect(client.events()).toHaveLength(1);
});

it("follows different logs apart", async () => {
  const [one, two] = await Promise.all([openClient("/?log=one"), openClient("/?log=two")]);
  await eventually(() => log.watcherCount === 2);
  await (await openWriter(log, "one")).append("first", endPayload);
  await (await openWriter(log, "two")).append("second", endPayload);
  await Promise.all([one?.until(() => one.hasLastChunk()), two?.until(() => two.hasLastChunk())]);
  expect(one?.events().map(({ data }) => data)).toEqual(["first", endPayload]);
  expect(two?.events().map(({ data }) => data)).toEqual(["second", endPayload]);
});

it("keeps nothing of a log that nobody follows any more", async () => {
  const first = await openClient();
  const other = createTextFormat();
  const before = format;
  format = other;
  first.socket.destroy();
  await eventually(() => streams.openCount === 0);
  await (await openWriter(log, "answer")).append("a");
  const second = await openClient();
  await second.until(() => second.events().length === 1);
  expect(before.encodeCount).toBe(0);
  expect(other.encodeCount).toBe(1);
});

it("keeps nothing of a log after refusals and failures", async () => {
  log.failing = true;
  await openClient();
  log.failing = false;
  const before = format;
  format = createTextFormat();
  await (await openWriter(log, "answer")).append("a");
  const client = await openClient();
  await client.until(() => client.events().length === 1);
  expect(before.encodeCount).toBe(0);
  expect(format.encodeCount).toBe(1);
});

it("sends records that no longer change, and ends", async () => {
  const client = await openClient("/?stored");
  await client.until(() => client.hasLastChunk());
  expect(client.events().map(({ data }) => data)).toEqual([...pieces(0, 40), endPayload]);
  expect(client.events().at(-1)?.lastEventId).toBe("3.41");
  expect(await reasons()).toEqual(["ended"]);
  expect(log.readCount).toBe(0);
});

it("closes all connections as cut off, also those that are just being opened, and is done when they are gone", async () => {
  const clients = await Promise.all(Array.from({ length: 10 }, () => openClient()));
  const { promise: read, resolve: goOn } = Promise.withResolvers<void>();
  log.pause = () => read;
  const { readCount } = log;
  const late = openRawClient({ server: server.port, path: "/?log=late" });
  await eventually(() => log.readCount > readCount);
  await streams.close();
  expect(streams.openCount).toBe(0);
  goOn();
  expect(await Promise.all([...clients, late].map(({ closed }) => closed))).toEqual(Array(11).fill("end"));
  for (const client of [...clients, late]) {
    expect(client.head()).toContain("200 OK");
    expect(client.hasLastChunk()).toBe(false);
  }
  expect(await reasons()).toEqual(Array(11).fill("shutdown"));
});

it("does not wait, on closing, for a reader that stopped before the end had left", async () => {
  const writer = await openWriter(log, "answer");
  await writer.append(endPayload.padEnd(16_000_000, "x"));
  const stopped = openRawClient({ server: server.port });
  stopped.socket.pause();
  await eventually(() => streams.openCount === 1);
  await streams.close();
  expect(streams.openCount).toBe(0);
  expect(await reasons()).toEqual(["client-gone"]);
  stopped.socket.resume();
  await stopped.closed;
  expect(stopped.hasLastChunk()).toBe(false);
});
