/** A real HTTP server whose answers are given in advance: the first request gets the first, and so on; then 204. */
import { createServer } from "node:http";
import type { IncomingHttpHeaders, IncomingMessage, ServerResponse } from "node:http";
import type { AddressInfo, Socket } from "node:net";
import { text } from "node:stream/consumers";
import { setTimeout } from "node:timers/promises";

export type ScriptedAnswer = (response: ServerResponse, request: IncomingMessage) => void;

export interface ScriptedServer extends AsyncDisposable {
  url: string;
  requests: { method: string; headers: IncomingHttpHeaders; body: string }[];
  /** Resolves when no client is connected any more. */
  deserted(): Promise<void>;
  /** Resolves when a client has connected. */
  visited(): Promise<void>;
}

export async function serve(...answers: ScriptedAnswer[]): Promise<ScriptedServer> {
  const requests: ScriptedServer["requests"] = [];
  const sockets = new Set<Socket>();
  const server = createServer({ keepAliveTimeout: 1 }, (request, response) => {
    const answer = answers.shift() ?? status(204);
    void (async () => {
      const { method = "", headers } = request;
      requests.push({ method, headers, body: await text(request) });
      answer(response, request);
    })();
  });
  server.on("connection", (socket) => {
    sockets.add(socket);
    socket.on("close", () => sockets.delete(socket));
  });
  await new Promise<void>((resolve) => {
    server.listen(0, "127.0.0.1", resolve);
  });
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`,
    requests,
    deserted: () => until(() => sockets.size === 0),
    visited: () => until(() => requests.length > 0),
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => {
        server.close(resolve);
      });
    },
  };
}

async function until(met: () => boolean): Promise<void> {
  while (!met()) await setTimeout(2);
}

/** An answer that is no stream. */
export function status(code: number, headers: Record<string, string> = {}, body = ""): ScriptedAnswer {
  return (response) => response.writeHead(code, headers).end(body);
}

export function problem(code: number, body: object, headers: Record<string, string> = {}): ScriptedAnswer {
  return status(code, { "Content-Type": "application/problem+json", ...headers }, JSON.stringify(body));
}

/** An event stream that ends cleanly after `body`. */
export function ended(body: string | Uint8Array, headers: Record<string, string> = {}): ScriptedAnswer {
  return (response) => head(response, headers).end(body);
}

/** An event stream whose connection is reset after `body` has gone out. */
export function cut(body: string | Uint8Array): ScriptedAnswer {
  return (response) => {
    head(response).flushHeaders();
    const reset = (): void => void setTimeout(1).then(() => response.socket?.resetAndDestroy());
    if (body.length > 0) response.write(body, reset);
    else reset();
  };
}

/** An event stream that stays open, and silent, after `body`. */
export function held(body: string | Uint8Array): ScriptedAnswer {
  return (response) => {
    head(response).flushHeaders();
    if (body.length > 0) response.write(body);
  };
}

function head(response: ServerResponse, headers: Record<string, string> = {}): ServerResponse {
  return response.writeHead(200, { "Content-Type": "text/event-stream; charset=utf-8", ...headers });
}
