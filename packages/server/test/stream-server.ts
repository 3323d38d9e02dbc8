/** A real HTTP server whose every request opens an event stream. */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo, Socket } from "node:net";
import type { Connection, Refusal } from "../src/index.ts";

export interface StreamServer {
  port: number;
  http: Server;
  /** What each request's opening gave, in order; errors were answered with 500. */
  opened: Array<Connection | Refusal | { type: "threw"; error: unknown }>;
  /** The server's side of each socket, in order. */
  sockets: Socket[];
  close(): Promise<void>;
}

type Open = (exchange: {
  request: IncomingMessage;
  response: ServerResponse;
  query: URLSearchParams;
}) => Promise<Connection | Refusal>;

export async function startStreamServer(open: Open, listenOn: number | string = 0): Promise<StreamServer> {
  const opened: StreamServer["opened"] = [];
  const sockets: Socket[] = [];
  const http = createServer((request, response) => {
    const query = new URL(request.url ?? "/", "http://localhost").searchParams;
    open({ request, response, query }).then(
      (result) => {
        opened.push(result);
        if ("type" in result) response.writeHead(result.type === "gone" ? 500 : 409).end(result.type);
      },
      (error: unknown) => {
        opened.push({ type: "threw", error });
        response.writeHead(500).end("failed");
      },
    );
  });
  http.on("connection", (socket) => sockets.push(socket));
  await new Promise<void>((resolve) => {
    if (typeof listenOn === "string") http.listen(listenOn, resolve);
    else http.listen(listenOn, "127.0.0.1", resolve);
  });
  const address = http.address() as AddressInfo | string;
  return {
    port: typeof address === "string" ? 0 : address.port,
    http,
    opened,
    sockets,
    async close() {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => http.close(resolve));
    },
  };
}

/** Counts how often a socket hands bytes to the system. */
export function countWrites(socket: Socket): { count: number } {
  const writes = { count: 0 };
  const { _write, _writev } = socket;
  socket._write = function (...call) {
    writes.count += 1;
    return _write.apply(this, call);
  };
  if (_writev) {
    socket._writev = function (...call) {
      writes.count += 1;
      return _writev.apply(this, call);
    };
  }
  return writes;
}

/** Waits for something that comes by itself, without saying when. */
export async function eventually(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise(setImmediate);
}
