import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { start } from "@typebar/log";
import { openMemoryLog } from "@typebar/log/memory";
import { afterEach, describe, expect, it } from "vitest";
import { createEventStreams, type EventStreams } from "../src/index.ts";
import { observeLog, type ObservedLog } from "./observed-log.ts";
import { openRawClient, type RawClient } from "./raw-client.ts";
import { eventually, startStreamServer, type StreamServer } from "./stream-server.ts";
import { createTextFormat, endPayload, openWriter, type Writer } from "./text-format.ts";

let log: ObservedLog;
let writer: Writer;
let streams: EventStreams;
let server: StreamServer;

async function begin(listenOn: number | string = 0): Promise<void> {
  log = observeLog(openMemoryLog());
  writer = await openWriter(log, "answer");
  streams = createEventStreams({ log });
  const source = { logId: "answer" };
  server = await startStreamServer(
    ({ request, response }) =>
      streams.open({ request, response, source, format: createTextFormat(), after: start, rotate: false }),
    listenOn,
  );
  await writer.append("a");
}

async function openClient(httpVersion: string, path?: string): Promise<RawClient> {
  const client = openRawClient({ server: path ?? server.port, httpVersion });
  await client.until(() => client.body().includes("data: a"));
  return client;
}

const received = (client: RawClient): string => Buffer.concat(client.chunks).toString();

afterEach(async () => {
  await server.close();
  await eventually(() => streams.openCount === 0);
  await eventually(() => log.watcherCount === 0);
});

describe("over HTTP/1.1", () => {
  it("leaves out the last chunk of an unfinished answer, and ends the socket", async () => {
    await begin();
    const client = await openClient("1.1");
    await streams.close();
    expect(await client.closed).toBe("end");
    expect(client.head()).toMatch(/transfer-encoding: chunked/i);
    expect(received(client)).toMatch(/data: a\nid: 1\.1\n\n\r\n$/);
    expect(received(client)).not.toContain("0\r\n\r\n");
  });

  it("sends the last chunk after the end record", async () => {
    await begin();
    const client = await openClient("1.1");
    await writer.append(endPayload);
    await client.until(() => client.hasLastChunk());
    expect(received(client)).toMatch(/\r\n0\r\n\r\n$/);
  });

  it("lets what was written in the same turn leave", async () => {
    await begin();
    const client = await openClient("1.1");
    await writer.append("b");
    // It is written within the turn: no timer and no socket has its turn before the end.
    for (let step = 0; step < 100; step++) await Promise.resolve();
    await Promise.all([streams.close(), client.closed]);
    expect(client.events().map(({ data }) => data)).toEqual(["a", "b"]);
  });
});

describe("over HTTP/1.0", () => {
  it("resets an unfinished answer, which has no chunk framing", async () => {
    await begin();
    const client = await openClient("1.0");
    await streams.close();
    expect(await client.closed).toBe("ECONNRESET");
    expect(client.head()).not.toMatch(/transfer-encoding/i);
    expect(received(client)).toMatch(/\r\n\r\nretry: 1000\n: +\ndata: a\nid: 1\.1\n\n$/);
  });

  it.each(["2.0", "0.9"])(
    "does the same for any other version that Node answers without chunks: %s",
    async (version) => {
      await begin();
      const client = await openClient(version);
      await streams.close();
      expect(client.head()).not.toMatch(/transfer-encoding/i);
      expect(await client.closed).toBe("ECONNRESET");
    },
  );

  it("ends a whole answer cleanly", async () => {
    await begin();
    const client = await openClient("1.0");
    await writer.append(endPayload);
    expect(await client.closed).toBe("end");
    expect(received(client)).toMatch(/data: \[END\]\nid: 1\.2\n\n$/);
  });

  it("survives sockets that cannot be reset", async () => {
    const folder = await mkdtemp(join(tmpdir(), "typebar-"));
    try {
      await begin(join(folder, "socket"));
      const client = await openClient("1.0", join(folder, "socket"));
      await streams.close();
      await client.closed;
      expect(received(client)).toMatch(/data: a\nid: 1\.1\n\n$/);
    } finally {
      await rm(folder, { recursive: true });
    }
  });
});

describe("while the log fails", () => {
  it("ends a reader that is behind as cut off when the log cannot be read any more", async () => {
    await begin();
    const client = await openClient("1.1");
    client.socket.pause();
    // More than the tail keeps: the next page has to come from the log.
    for (let index = 0; index < 400; index++) {
      await writer.append("x".repeat(32_768));
      await new Promise(setImmediate);
    }
    log.failing = true;
    client.socket.resume();
    await client.closed;
    expect(server.opened[0]).toHaveProperty("closed");
    const [opened] = server.opened;
    expect(opened && "closed" in opened && (await opened.closed)).toBe("failed");
    expect(client.hasLastChunk()).toBe(false);
  });

  it("keeps a reader that has everything, and goes on when the log does", async () => {
    await begin();
    const client = await openClient("1.1");
    log.failing = true;
    await writer.append("b");
    await new Promise(setImmediate);
    log.failing = false;
    await writer.append("c");
    await client.until(() => client.events().length === 3);
    expect(client.events().map(({ data }) => data)).toEqual(["a", "b", "c"]);
  });

  it.each(["1.1", "1.0"] as const)(
    "cuts off a follower whose log became another, over HTTP/%s",
    async (httpVersion) => {
      await begin();
      const client = await openClient(httpVersion);
      await log.expire("answer", 0);
      // Of the same length, under a higher epoch.
      const lost = await log.acquire("answer", { holder: "lost", ttlMs: 60_000 });
      if (lost) await log.release(lost);
      await (await openWriter(log, "answer")).append("other");
      expect(await client.closed).toBe(httpVersion === "1.1" ? "end" : "ECONNRESET");
      expect(client.hasLastChunk()).toBe(false);
      expect(client.events().map(({ data }) => data)).toEqual(["a"]);
      const [opened] = server.opened;
      expect(opened && "closed" in opened && (await opened.closed)).toBe("diverged");
    },
  );
});
