import { once } from "node:events";
import { createServer, type IncomingMessage, type RequestListener, type Server, type ServerResponse } from "node:http";
import { createServer as createHttp2Server, connect as connectHttp2 } from "node:http2";
import { createServer as createTlsServer } from "node:https";
import { mkdtemp, rm } from "node:fs/promises";
import { connect as connectTcp, type AddressInfo, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { connect as connectTls } from "node:tls";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { afterEach, describe, expect, it } from "vitest";
import { takeOver, type TakenSocket } from "../src/socket-takeover.ts";
import { openRawClient, type RawClient } from "./raw-client.ts";
import { eventually } from "./stream-server.ts";

interface Exchange {
  request: IncomingMessage;
  response: ServerResponse;
}

const headers = { "Content-Type": "text/event-stream" };
const opening = [Buffer.from(": hello"), Buffer.from("\n\n")];

let server: Server;
let taken: TakenSocket[] = [];
let refused: string[] = [];
/** Of either side: to be closed at the end. */
let sockets: Socket[] = [];
let clients: RawClient[] = [];

/** Takes every socket it can; answers with 503 where it cannot. */
const take = ({ request, response }: Exchange): void => {
  const socket = takeOver({ request, response, headers, opening });
  if (socket) taken.push(socket);
  else {
    refused.push(request.url ?? "");
    response.writeHead(503).end();
  }
};

/** The request has been received whole once its first turn is over. */
const later =
  (handle: (exchange: Exchange) => void): RequestListener =>
  async (request, response) => {
    await Promise.resolve();
    handle({ request, response });
  };

async function listen(next: Server, on: number | string = 0): Promise<void> {
  server = next;
  server.on("connection", (socket: Socket) => sockets.push(socket));
  if (typeof on === "string") server.listen(on);
  else server.listen(on, "127.0.0.1");
  await once(server, "listening");
}

function open(path = "/", httpVersion = "1.1"): RawClient {
  const address = server.address() as AddressInfo | string;
  const client = openRawClient({ server: typeof address === "string" ? address : address.port, path, httpVersion });
  clients.push(client);
  return client;
}

async function openStream(path?: string, httpVersion?: string): Promise<{ client: RawClient; stream: TakenSocket }> {
  const index = taken.length;
  const client = open(path, httpVersion);
  await client.until(() => client.body().includes(": hello"));
  const stream = taken[index];
  if (!stream) throw new Error("The socket was not taken.");
  return { client, stream };
}

function isReleased({ socket }: TakenSocket): boolean {
  return "parser" in socket && socket.parser === null;
}

function countOpenSockets(): number {
  return process.getActiveResourcesInfo().filter((name) => name === "TCPSocketWrap").length;
}

function collect(): void {
  setFlagsFromString("--expose-gc");
  (runInNewContext("gc") as () => void)();
}

afterEach(async () => {
  for (const { socket } of clients) socket.destroy();
  for (const socket of sockets) socket.destroy();
  if (server.listening) await new Promise((resolve) => server.close(resolve));
  [taken, refused, sockets, clients] = [[], [], [], []];
});

describe("the response", () => {
  it("has the headers of both, announces its end, and what is written in chunks arrives", async () => {
    await listen(
      createServer(
        later(({ request, response }) => {
          response.setHeader("X-Before", "kept");
          response.setHeader("Connection", "keep-alive");
          const own = { ...headers, connection: "keep-alive" };
          taken.push(
            ...[takeOver({ request, response, headers: own, opening })].filter((socket) => socket !== undefined),
          );
        }),
      ),
    );
    const { client, stream } = await openStream();
    expect(stream.framed).toBe(true);
    expect(client.chunks).toHaveLength(1);
    stream.socket.write("3\r\nabc\r\n");
    await client.until(() => client.body() === ": hello\n\nabc");
    expect(client.head()).toMatch(/^HTTP\/1\.1 200 OK\r\n/);
    expect(client.head()).toMatch(/\r\nX-Before: kept\r\n/);
    expect(client.head()).toMatch(/\r\nContent-Type: text\/event-stream\r\n/);
    expect(client.head()).toMatch(/\r\nDate: /);
    expect(client.head().match(/^connection: .*$/gim)).toEqual(["Connection: close"]);
  });

  it.each([false, true])("ends whole with its last chunk and its connection, listened to: %s", async (listened) => {
    const seen: string[] = [];
    await listen(
      createServer(
        later((exchange) => {
          if (listened) for (const event of ["finish", "close"]) exchange.response.on(event, () => seen.push(event));
          take(exchange);
        }),
      ),
    );
    const { client, stream } = await openStream();
    stream.end();
    expect(await client.closed).toBe("end");
    expect(client.hasLastChunk()).toBe(true);
    await eventually(() => stream.socket.closed);
    expect(stream.socket.writableFinished).toBe(true);
    expect(seen).toEqual(listened ? ["finish", "close"] : []);
  });

  it("can be opened in the turn in which the request is handed over, and ended in it", async () => {
    await listen(
      createServer((request, response) => {
        take({ request, response });
        if (request.url === "/short") taken.at(-1)?.end();
      }),
    );
    const { client: short } = await openStream("/short");
    expect(await short.closed).toBe("end");
    expect(short.hasLastChunk()).toBe(true);
    const { stream } = await openStream();
    await eventually(() => isReleased(stream));
    expect(stream.socket.listenerCount("pause")).toBe(0);
  });

  it("leaves whole when it was ended before its reader has taken it", async () => {
    const whole = Buffer.alloc(8_388_608, "x");
    await listen(
      createServer(later(({ request, response }) => takeOver({ request, response, headers, opening: [whole] })?.end())),
    );
    const client = open();
    await client.closed;
    expect(client.hasLastChunk()).toBe(true);
    expect(client.body()).toHaveLength(whole.length);
  });

  it("has no chunks for HTTP/1.0", async () => {
    await listen(createServer(later(take)));
    const { client, stream } = await openStream("/", "1.0");
    expect(stream.framed).toBe(false);
    stream.end();
    expect(await client.closed).toBe("end");
    expect(client.body()).toBe(": hello\n\n");
  });

  it("writes nothing when a header cannot be sent", async () => {
    const errors: unknown[] = [];
    await listen(
      createServer(
        later(({ request, response }) => {
          try {
            takeOver({ request, response, headers: { "X-Bad": "a\nb" }, opening });
          } catch (error) {
            errors.push(error);
            response.writeHead(500).end();
          }
        }),
      ),
    );
    const client = open();
    await client.until(() => client.head() !== "");
    expect(client.head()).toMatch(/^HTTP\/1\.1 500 /);
    expect(errors).toHaveLength(1);
  });
});

describe("the client", () => {
  it.each(["end", "destroy", "resetAndDestroy"] as const)("is seen to leave by %s", async (leave) => {
    await listen(createServer(later(take)));
    const { client, stream } = await openStream();
    client.socket[leave]();
    await eventually(() => stream.socket.closed);
  });

  it("gets no answer to a request it sends afterwards, however many they are", async () => {
    let requests = 0;
    await listen(createServer((request, response) => (requests++, later(take)(request, response))));
    const { client, stream } = await openStream();
    client.socket.write("GET /second HTTP/1.1\r\nHost: localhost\r\n\r\n".repeat(20_000));
    await eventually(() => stream.socket.bytesRead > 800_000);
    expect(stream.socket.readableLength).toBe(0);
    stream.end();
    await client.closed;
    expect(client.body()).toBe(": hello\n\n");
    expect(requests).toBe(1);
  });

  it.each([
    ["as it was taken", "X-Filling: 1\r\n"],
    ["with more headers than Node hands over at once", "X-Filling: 1\r\n".repeat(100)],
  ])("gets no answer to a request that came with the first one, %s", async (_, filling) => {
    await listen(createServer(later(take)));
    const client = connectTcp((server.address() as AddressInfo).port, "127.0.0.1");
    let received = "";
    client.on("data", (bytes) => (received += bytes.toString()));
    client.write(`GET / HTTP/1.1\r\nHost: localhost\r\n\r\nGET /second HTTP/1.1\r\nHost: localhost\r\n${filling}\r\n`);
    await eventually(() => received.includes(": hello"));
    await eventually(() => refused.includes("/second"));
    await new Promise(setImmediate);
    // The second response waits for its end, of which only Node tells it.
    expect(taken.map(isReleased)).toEqual([false]);
    taken[0]?.socket.write("1\r\na\r\n");
    taken[0]?.end();
    await once(client, "close");
    expect(received.split("\r\n\r\n").slice(1).join("\r\n\r\n")).toBe("9\r\n: hello\n\n\r\n1\r\na\r\n0\r\n\r\n");
  });
});

describe("the server", () => {
  it("waits for the stream when it is closed, and is closed when the stream has ended", async () => {
    await listen(createServer(later(take)));
    const { client, stream } = await openStream();
    let closed = false;
    const whenClosed = once(server, "close").then(() => (closed = true));
    server.close();
    server.closeIdleConnections();
    stream.socket.write("1\r\na\r\n");
    await client.until(() => client.body().endsWith("a"));
    expect(closed).toBe(false);
    stream.end();
    await whenClosed;
  });

  it("ends the stream with all its connections", async () => {
    await listen(createServer(later(take)));
    const streams = [await openStream(), await openStream()];
    const whenClosed = once(server, "close");
    server.close();
    server.closeAllConnections();
    await whenClosed;
    for (const { client } of streams) expect(await client.closed).not.toBe("");
  });

  it("does not end it by its time-outs", async () => {
    const limits = { requestTimeout: 20, headersTimeout: 20, connectionsCheckingInterval: 5, keepAliveTimeout: 5 };
    const next = createServer(limits, later(take));
    next.setTimeout(20);
    await listen(next);
    const { client, stream } = await openStream();
    await new Promise((resolve) => setTimeout(resolve, 150));
    expect(stream.socket.timeout).toBe(0);
    stream.socket.write("1\r\na\r\n");
    await client.until(() => client.body().endsWith("a"));
  });

  it("holds neither request nor response of an open stream, and no socket of a closed one", async () => {
    const held: WeakRef<object>[] = [];
    const heldSockets: WeakRef<object>[] = [];
    await listen(
      createServer(
        later((exchange) => {
          held.push(new WeakRef(exchange.request), new WeakRef(exchange.response));
          heldSockets.push(new WeakRef(exchange.request.socket));
          take(exchange);
        }),
      ),
    );
    const before = countOpenSockets();
    for (let round = 0; round < 20; round++) {
      const opened = await Promise.all(Array.from({ length: 50 }, () => openInto()));
      await eventually(() => taken.length === 50);
      if (round === 0) {
        await eventually(() => (collect(), held.every((ref) => ref.deref() === undefined)));
        expect(heldSockets.every((ref) => ref.deref() !== undefined)).toBe(true);
      }
      for (const client of opened) client.destroy();
      await eventually(() => taken.every(({ socket }) => socket.closed));
      [taken, sockets] = [[], []];
    }
    await eventually(() => countOpenSockets() <= before);
    expect(held).toHaveLength(2000);
    await eventually(() => (collect(), [...held, ...heldSockets].every((ref) => ref.deref() === undefined)));
  }, 30_000);
});

async function openInto(): Promise<Socket> {
  const client = connectTcp((server.address() as AddressInfo).port, "127.0.0.1");
  client.write("GET / HTTP/1.1\r\nHost: localhost\r\n\r\n");
  await once(client, "data");
  return client;
}

describe("others", () => {
  it.each(["before", "in the turn", "long after"] as const)(
    "who begin to listen %s are told of the end",
    async (when) => {
      const seen: string[] = [];
      let exchange: Exchange | undefined;
      const hear = ({ request, response }: Exchange): void => {
        request.on("close", () => seen.push("request"));
        response.on("close", () => seen.push(`response, destroyed: ${response.destroyed}`));
      };
      await listen(
        createServer(
          later((given) => {
            if (when === "before") hear(given);
            take(given);
            if (when === "in the turn") hear(given);
            exchange = given;
          }),
        ),
      );
      const { client, stream } = await openStream();
      await eventually(() => isReleased(stream));
      if (when === "long after" && exchange) hear(exchange);
      collect();
      expect(seen).toEqual([]);
      client.socket.destroy();
      await eventually(() => seen.length === 2);
      expect(seen.sort()).toEqual(["request", "response, destroyed: true"]);
      expect(exchange?.request.aborted).toBe(true);
    },
  );

  it("who watch the socket are not silenced", async () => {
    const seen: string[] = [];
    const next = createServer(later(take));
    next.on("connection", (socket) => {
      for (const event of ["close", "end", "data"] as const) socket.on(event, () => seen.push(event));
    });
    await listen(next);
    const { client, stream } = await openStream();
    client.socket.write("x");
    await eventually(() => seen.includes("data"));
    client.socket.end();
    await once(stream.socket, "close");
    expect(seen).toEqual(expect.arrayContaining(["data", "end", "close"]));
  });
});

describe("other transports", () => {
  it("takes a TLS socket", async () => {
    const psk = Buffer.alloc(32, 1);
    const ciphers = "PSK-AES128-GCM-SHA256";
    const maxVersion = "TLSv1.2" as const;
    await listen(createTlsServer({ pskCallback: () => psk, ciphers, maxVersion }, later(take)));
    const client = connectTls({
      port: (server.address() as AddressInfo).port,
      host: "127.0.0.1",
      ciphers,
      maxVersion,
      pskCallback: () => ({ psk, identity: "test" }),
      checkServerIdentity: () => undefined,
    });
    sockets.push(client);
    client.write("GET / HTTP/1.1\r\nHost: localhost\r\n\r\n");
    let received = "";
    client.on("data", (bytes) => (received += bytes.toString()));
    await eventually(() => received.includes(": hello"));
    const [stream] = taken;
    stream?.socket.write("1\r\na\r\n");
    await eventually(() => received.endsWith("1\r\na\r\n"));
    client.write("GET /second HTTP/1.1\r\nHost: localhost\r\n\r\n");
    client.end();
    await eventually(() => stream?.socket.closed === true);
    expect(received.match(/HTTP\/1\.1/g)).toHaveLength(1);
  });

  it("takes a Unix socket", async () => {
    const folder = await mkdtemp(join(tmpdir(), "typebar-"));
    try {
      await listen(createServer(later(take)), join(folder, "socket"));
      const { client, stream } = await openStream();
      client.socket.end();
      await once(stream.socket, "close");
    } finally {
      await rm(folder, { recursive: true });
    }
  });

  it("leaves HTTP/2 alone", async () => {
    const next = createHttp2Server((request, response) => {
      const exchange = { request, response } as unknown as Exchange;
      void Promise.resolve().then(() => take(exchange));
    });
    await listen(next as unknown as Server);
    const session = connectHttp2(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
    const stream = session.request({ ":path": "/" });
    const [head] = (await once(stream, "response")) as [{ ":status"?: number }];
    expect(head[":status"]).toBe(503);
    await new Promise<void>((resolve) => session.close(resolve));
  });
});

describe("Node keeps the socket", () => {
  it("while a body is being received, which is read as ever", async () => {
    let body = "";
    await listen(
      createServer((request, response) => {
        request.on("data", (bytes: Buffer) => (body += bytes.toString()));
        take({ request, response });
      }),
    );
    const client = connectTcp((server.address() as AddressInfo).port, "127.0.0.1");
    client.write("POST /body HTTP/1.1\r\nHost: localhost\r\nContent-Length: 5\r\n\r\nab");
    await once(client, "data");
    client.write("cde");
    await eventually(() => body === "abcde");
    client.destroy();
    await eventually(() => taken[0]?.socket.closed === true);
  });

  it("when it does not find what it knows of Node, and the stream is the same", async () => {
    const next = createServer(later(take));
    next.on("connection", (socket: Socket) => socket.on("error", function socketOnError() {}));
    await listen(next);
    const { client, stream } = await openStream();
    await new Promise(setImmediate);
    expect(isReleased(stream)).toBe(false);
    stream.end();
    expect(await client.closed).toBe("end");
    expect(client.hasLastChunk()).toBe(true);
  });
});

describe("nothing is written or taken", () => {
  it("for HEAD", async () => {
    await listen(createServer(later(take)));
    const client = connectTcp((server.address() as AddressInfo).port, "127.0.0.1");
    client.write("HEAD / HTTP/1.1\r\nHost: localhost\r\n\r\n");
    const [bytes] = (await once(client, "data")) as [Buffer];
    expect(bytes.toString()).toMatch(/^HTTP\/1\.1 503 /);
    client.destroy();
  });

  it("while an earlier answer of the connection is leaving", async () => {
    let finish: (() => void) | undefined;
    await listen(
      createServer(
        later((exchange) => {
          if (exchange.request.url === "/second") take(exchange);
          else finish = () => exchange.response.end("first");
        }),
      ),
    );
    const client = open("/first");
    client.socket.write("GET /second HTTP/1.1\r\nHost: localhost\r\n\r\n");
    await eventually(() => refused.length > 0);
    finish?.();
    await client.until(() => Buffer.concat(client.chunks).toString().includes(" 503 "));
    expect(refused).toEqual(["/second"]);
  });

  it("once the head was sent, or the client has left", async () => {
    let left: Exchange | undefined;
    await listen(
      createServer((request, response) => {
        if (request.url === "/left") left = { request, response };
        else {
          response.write("sent");
          void Promise.resolve().then(() => {
            expect(takeOver({ request, response, headers, opening })).toBeUndefined();
            response.end();
          });
        }
      }),
    );
    const client = open("/sent");
    await client.until(() => client.hasLastChunk());
    expect(client.body()).toBe("sent");
    const leaving = open("/left");
    await eventually(() => left !== undefined);
    leaving.socket.destroy();
    await eventually(() => left?.request.socket.destroyed === true);
    expect(left && takeOver({ ...left, headers, opening })).toBeUndefined();
  });
});
