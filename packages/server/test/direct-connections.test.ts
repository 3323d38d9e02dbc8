import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo, Socket } from "node:net";
import { EncodeError } from "@typebar/sse";
import { afterEach, beforeEach, expect, it } from "vitest";
import {
  createDirectConnections,
  type DirectConnection,
  type DirectConnections,
  type DirectConnectionsOptions,
  type SendResult,
} from "../src/index.ts";
import { openRawClient, type RawClient } from "./raw-client.ts";
import { countWrites, eventually } from "./stream-server.ts";

let connections: DirectConnections;
let http: Server;
let sockets: Socket[];
let opened: Array<DirectConnection | undefined>;
let clients: RawClient[];

beforeEach(() => {
  sockets = [];
  opened = [];
  clients = [];
});

afterEach(async () => {
  for (const client of clients) client.socket.destroy();
  await connections.close();
  await eventually(() => connections.openCount === 0);
  http.closeAllConnections();
  await new Promise((resolve) => http.close(resolve));
});

async function begin(options: DirectConnectionsOptions = {}, gate?: Promise<void>): Promise<void> {
  connections = createDirectConnections(options);
  const open = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    await gate;
    opened.push(await connections.open({ request, response, headers: { "X-Kind": "direct" } }));
  };
  http = createServer((request, response) => void open(request, response));
  http.on("connection", (socket) => sockets.push(socket));
  await new Promise<void>((resolve) => http.listen(0, "127.0.0.1", resolve));
}

function openClient(): RawClient {
  const client = openRawClient({ server: (http.address() as AddressInfo).port });
  clients.push(client);
  return client;
}

async function openBoth(): Promise<{ client: RawClient; connection: DirectConnection }> {
  const client = openClient();
  await eventually(() => opened.length === clients.length);
  const connection = opened.at(-1);
  if (!connection) throw new Error("it was not opened");
  return { client, connection };
}

const large = "x".repeat(16_384);

/** Sends one after the other until one has to wait, and gives that one. */
async function sendUntilOneWaits(
  connection: DirectConnection,
): Promise<{ sentCount: number; last: Promise<SendResult> }> {
  for (let sentCount = 0; ; sentCount += 1) {
    const last = connection.send({ data: large, id: String(sentCount + 1) });
    let isSettled = false;
    void last.then(() => (isSettled = true));
    for (let turn = 0; turn < 200 && !isSettled; turn += 1) await new Promise(setImmediate);
    if (!isSettled) return { sentCount, last };
  }
}

it("sends what it is given, in order, and ends when it is told to", async () => {
  await begin();
  const { client, connection } = await openBoth();
  await expect(connection.send({ data: "one", id: "1" })).resolves.toBe("sent");
  await expect(connection.send({ event: "note", data: "two\nlines", id: "2" })).resolves.toBe("sent");
  void connection.send({ data: "three" });
  connection.end();
  expect(await connection.closed).toBe("ended");
  await client.until(client.hasLastChunk);
  expect(client.head()).toMatch(/^HTTP\/1.1 200 /);
  expect(client.head()).toMatch(/^x-kind: direct\r?$/im);
  expect(client.events()).toEqual([
    { event: "message", data: "one", lastEventId: "1" },
    { event: "note", data: "two\nlines", lastEventId: "2" },
    { event: "message", data: "three", lastEventId: "2" },
  ]);
});

it("writes once what is sent in one turn", async () => {
  await begin();
  const { client, connection } = await openBoth();
  await client.until(() => client.body().length > 0);
  const writes = countWrites(sockets[0] as Socket);
  await Promise.all(["a", "b", "c"].map((data) => connection.send({ data })));
  await client.until(() => client.events().length === 3);
  expect(writes.count).toBe(1);
});

it("lets whoever waits for a send go on when the client leaves without having read it", async () => {
  await begin();
  const { client, connection } = await openBoth();
  client.socket.pause();
  const { last } = await sendUntilOneWaits(connection);
  client.socket.destroy();
  expect(await last).toBe("gone");
  expect(await connection.send({ data: "later" })).toBe("gone");
  expect(await connection.closed).toBe("client-gone");
  expect(connections.openCount).toBe(0);
});

it("lets it go on when the client neither reads nor leaves", async () => {
  await begin({ timings: { progressTimeoutMs: 100 } });
  const { client, connection } = await openBoth();
  client.socket.pause();
  const { last } = await sendUntilOneWaits(connection);
  expect(await last).toBe("gone");
  expect(await connection.closed).toBe("stalled");
});

it("waits for a slow reader, holding little, and gives it everything", async () => {
  await begin();
  const { client, connection } = await openBoth();
  client.socket.pause();
  const { sentCount, last } = await sendUntilOneWaits(connection);
  expect(sockets[0]?.writableLength).toBeGreaterThan(0);
  expect(sockets[0]?.writableLength).toBeLessThan(256 * 1024);
  client.socket.resume();
  expect(await last).toBe("sent");
  connection.end();
  expect(await connection.closed).toBe("ended");
  await client.until(client.hasLastChunk);
  expect(client.events().map(({ lastEventId }) => lastEventId)).toEqual(
    Array.from({ length: sentCount + 1 }, (_, index) => String(index + 1)),
  );
});

it("cuts off a client for whom too much is sent without waiting", async () => {
  await begin({ maxWaitingBytes: 100_000 });
  const { client, connection } = await openBoth();
  client.socket.pause();
  await sendUntilOneWaits(connection);
  const results = await Promise.all(Array.from({ length: 1000 }, () => connection.send({ data: large })));
  expect(new Set(results)).toEqual(new Set(["gone"]));
  expect(await connection.closed).toBe("stalled");
  client.socket.resume();
  await client.closed;
  expect(client.hasLastChunk()).toBe(false);
});

it("refuses what is no event, and sends the others", async () => {
  await begin();
  const { client, connection } = await openBoth();
  await expect(connection.send({ data: "", id: "1\ndata: forged" })).rejects.toBeInstanceOf(EncodeError);
  await expect(connection.send({ data: "", event: "a\r\nid: forged" })).rejects.toBeInstanceOf(EncodeError);
  await connection.send({ data: "good" });
  await client.until(() => client.events().length > 0);
  expect(client.events()).toEqual([{ event: "message", data: "good", lastEventId: "" }]);
});

it("sends nothing after its end, and is cut off when it is closed", async () => {
  await begin();
  const ending = await openBoth();
  ending.connection.end();
  expect(await ending.connection.send({ data: "late" })).toBe("gone");
  await ending.client.until(ending.client.hasLastChunk);
  expect(ending.client.events()).toEqual([]);

  const closing = await openBoth();
  const waiting = closing.connection.send({ data: "late" });
  closing.connection.close("forbidden");
  expect(await waiting).toBe("gone");
  expect(await closing.connection.closed).toBe("forbidden");
  await closing.client.closed;
  expect(closing.client.hasLastChunk()).toBe(false);
  expect(closing.client.events()).toEqual([]);
});

it("opens nothing for a client that has left already", async () => {
  const gate = Promise.withResolvers<void>();
  await begin({}, gate.promise);
  const client = openClient();
  await eventually(() => sockets.length === 1);
  client.socket.destroy();
  await eventually(() => sockets[0]?.destroyed === true);
  gate.resolve();
  await eventually(() => opened.length === 1);
  expect(opened).toEqual([undefined]);
  expect(connections.openCount).toBe(0);
});

it("lets whoever sends to a web-standard response go on when its reader cancels or its client leaves", async () => {
  await begin();
  for (const leaves of [true, false]) {
    const client = new AbortController();
    const { response, connection } = await connections.respond(
      new Request("http://localhost/", { signal: client.signal }),
    );
    expect(response.headers.get("content-type")).toBe("text/event-stream; charset=utf-8");
    if (!connection) throw new Error("it was not opened");
    const { sentCount, last } = await sendUntilOneWaits(connection);
    expect(sentCount * large.length).toBeLessThan(256 * 1024);
    if (leaves) client.abort();
    else await response.body?.cancel();
    expect(await last).toBe("gone");
    expect(await connection.closed).toBe("client-gone");
  }
  expect(connections.openCount).toBe(0);
});
