/** A client on a bare socket: sees every byte, and how the connection ends. */
import { connect, type Socket } from "node:net";
import { createEventParser, type IncomingEvent } from "@typebar/sse";

export interface RawClient {
  socket: Socket;
  /** As they came in. */
  chunks: Buffer[];
  /** Everything after the head, without chunk framing. */
  body(): string;
  head(): string;
  /** HTTP/1.1: the last chunk has come. */
  hasLastChunk(): boolean;
  events(): IncomingEvent[];
  /** Settles when the socket is closed: `end` after a FIN, else the error's code. */
  closed: Promise<string>;
  /** Settles when `condition` holds, looking at each chunk and each end. */
  until(condition: () => boolean): Promise<void>;
}

export interface RawClientOptions {
  /** A port, or the path of a Unix socket. */
  server: number | string;
  path?: string;
  httpVersion?: string;
  /** Lines of the request beside its `Host`, each with its end. */
  headerLines?: string;
}

export function openRawClient({
  server,
  path = "/",
  httpVersion = "1.1",
  headerLines = "",
}: RawClientOptions): RawClient {
  const socket = typeof server === "number" ? connect(server, "127.0.0.1") : connect(server);
  const chunks: Buffer[] = [];
  const waiting = new Set<() => void>();
  const look = (): void => waiting.forEach((check) => check());
  let code = "end";
  socket.on("data", (chunk) => {
    chunks.push(chunk);
    look();
  });
  socket.on("error", (error: NodeJS.ErrnoException) => (code = error.code ?? "error"));
  const closed = new Promise<string>((resolve) => {
    socket.on("close", () => {
      resolve(code);
      look();
    });
  });
  socket.write(`GET ${path} HTTP/${httpVersion}\r\nHost: localhost\r\n${headerLines}\r\n`);

  const split = (): { head: string; body: Buffer } => {
    const all = Buffer.concat(chunks);
    const at = all.indexOf("\r\n\r\n");
    return at < 0
      ? { head: "", body: Buffer.alloc(0) }
      : { head: all.toString("utf8", 0, at), body: all.subarray(at + 4) };
  };
  const unframed = (): { body: Buffer; last: boolean } => {
    const { head, body } = split();
    return /transfer-encoding: chunked/i.test(head) ? unframe(body) : { body, last: false };
  };
  const client: RawClient = {
    socket,
    chunks,
    closed,
    head: () => split().head,
    body: () => unframed().body.toString(),
    hasLastChunk: () => unframed().last,
    events() {
      const events: IncomingEvent[] = [];
      const parser = createEventParser({ onEvent: (event) => events.push(event) });
      parser.push(unframed().body);
      return events;
    },
    until: (condition) =>
      new Promise((resolve, reject) => {
        const check = (): void => {
          if (condition()) resolve();
          else if (socket.closed)
            reject(new Error(`The connection ended before (${code}): ${client.body().slice(-200)}`));
          else return;
          waiting.delete(check);
        };
        waiting.add(check);
        check();
      }),
  };
  return client;
}

function unframe(bytes: Buffer): { body: Buffer; last: boolean } {
  const parts: Buffer[] = [];
  for (let at = 0; ;) {
    const lineEnd = bytes.indexOf("\r\n", at);
    if (lineEnd < 0) return { body: Buffer.concat(parts), last: false };
    const size = Number.parseInt(bytes.toString("latin1", at, lineEnd), 16);
    if (size === 0) return { body: Buffer.concat(parts), last: true };
    parts.push(bytes.subarray(lineEnd + 2, lineEnd + 2 + size));
    at = lineEnd + 2 + size + 2;
  }
}
