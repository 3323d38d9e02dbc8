import { start } from "@typebar/log";
import { openMemoryLog } from "@typebar/log/memory";
import { afterEach, expect, it } from "vitest";
import { createEventStreams, type EventStreams } from "../src/index.ts";
import { observeLog, type ObservedLog } from "./observed-log.ts";
import { openRawClient, type RawClient } from "./raw-client.ts";
import { eventually, startStreamServer, type StreamServer } from "./stream-server.ts";
import { createTextFormat, endPayload, openWriter, type Writer } from "./text-format.ts";

/** More than what the system takes for a reader that has stopped. */
const recordCount = 400;
const recordChars = 32_768;

let log: ObservedLog;
let writer: Writer;
let streams: EventStreams;
let server: StreamServer;
const clients: RawClient[] = [];

async function begin(progressTimeoutMs: number): Promise<void> {
  log = observeLog(openMemoryLog());
  writer = await openWriter(log, "answer");
  streams = createEventStreams({ log, timings: { progressTimeoutMs, heartbeatMs: 20 } });
  const source = { logId: "answer" };
  server = await startStreamServer(({ request, response }) =>
    streams.open({ request, response, source, format: createTextFormat(), after: start, rotate: false }),
  );
}

function openClient({ paused = false, ...options }: { paused?: boolean; httpVersion?: "1.0" | "1.1" } = {}): RawClient {
  const client = openRawClient({ server: server.port, ...options });
  clients.push(client);
  if (paused) client.socket.pause();
  return client;
}

const record = (index: number): string => `${index}:`.padEnd(recordChars, "x");
const connectionOf = (index: number): { closed: Promise<string> } => {
  const opened = server.opened[index];
  if (!opened || !("closed" in opened)) throw new Error("it was not opened");
  return opened;
};

/** Appends more than a stopped reader's system takes, one record a turn. */
async function appendMuch(each: () => void = () => undefined): Promise<void> {
  for (let index = 0; index < recordCount; index++) {
    await writer.append(record(index));
    await new Promise(setImmediate);
    each();
  }
  await writer.append(endPayload);
}

/** Looks at the last bytes only: there are many. */
const hasEnded = (client: RawClient): boolean =>
  Buffer.concat(client.chunks.slice(-5)).toString("latin1").endsWith("\r\n0\r\n\r\n");

afterEach(async () => {
  for (const client of clients.splice(0)) client.socket.destroy();
  await server.close();
  await eventually(() => streams.openCount === 0);
  await eventually(() => log.watcherCount === 0);
});

it("holds little for a reader that stopped, and nothing back from the others", async () => {
  await begin(60_000);
  const stopped = openClient({ paused: true });
  await eventually(() => streams.openCount === 1);
  openClient();
  await eventually(() => streams.openCount === 2);
  let mostHeldBytes = 0;
  await appendMuch(() => {
    mostHeldBytes = Math.max(mostHeldBytes, server.sockets[0]?.writableLength ?? 0);
  });
  expect(await connectionOf(1).closed).toBe("ended");
  expect(mostHeldBytes).toBeGreaterThan(0);
  expect(mostHeldBytes).toBeLessThan(256 * 1024);
  expect(streams.openCount).toBe(1);

  stopped.socket.resume();
  expect(await connectionOf(0).closed).toBe("ended");
  await eventually(() => hasEnded(stopped));
  const ids = stopped.events().map(({ lastEventId }) => lastEventId);
  expect(ids).toEqual(Array.from({ length: recordCount + 1 }, (_, index) => `1.${index + 1}`));
  expect(stopped.events().map(({ data }) => data)).toEqual([
    ...Array.from({ length: recordCount }, (_, index) => record(index)),
    endPayload,
  ]);
  expect(stopped.hasLastChunk()).toBe(true);
});

it.each(["1.1", "1.0"] as const)("resets a reader that stopped for too long, over HTTP/%s", async (httpVersion) => {
  await begin(100);
  const stopped = openClient({ paused: true, httpVersion });
  await eventually(() => streams.openCount === 1);
  await appendMuch();
  expect(await connectionOf(0).closed).toBe("stalled");
  stopped.socket.resume();
  expect(await stopped.closed).toBe("ECONNRESET");
  expect(stopped.hasLastChunk()).toBe(false);
});

it("resets a reader that stopped before the end had left", async () => {
  await begin(100);
  await writer.append(endPayload.padEnd(recordCount * recordChars, "x"));
  const stopped = openClient({ paused: true });
  await eventually(() => server.opened.length === 1);
  expect(streams.openCount).toBe(1);
  expect(await connectionOf(0).closed).toBe("stalled");
  stopped.socket.resume();
  expect(await stopped.closed).toBe("ECONNRESET");
});

it("keeps a reader that is slow, however long one write takes it", async () => {
  // One write of 13 MB, read at 10 MB/s: longer than the time-out in all, with progress every 150 ms.
  await begin(600);
  await writer.append(endPayload.padEnd(recordCount * recordChars, "x"));
  const slow = openClient({ paused: true });
  let allowedBytes = 0;
  slow.socket.on("data", ({ length }) => {
    allowedBytes -= length;
    if (allowedBytes <= 0) slow.socket.pause();
  });
  const reading = setInterval(() => {
    allowedBytes = 250_000;
    slow.socket.resume();
  }, 25);
  try {
    await eventually(() => server.opened.length === 1);
    expect(await connectionOf(0).closed).toBe("ended");
  } finally {
    clearInterval(reading);
  }
});

it("does not mistake silence for a reader that stopped", async () => {
  await begin(10);
  const client = openClient();
  await client.until(() => client.body().endsWith(":\n:\n:\n:\n"));
  await writer.append("a");
  await client.until(() => client.events().length === 1);
});
