/** A provider over real HTTP whose every byte is a file in wire/. Used by the tests beside this file. */
import { readFile } from "node:fs/promises";
import { createServer, type IncomingHttpHeaders, type IncomingMessage, type ServerResponse } from "node:http";
import { text as readText } from "node:stream/consumers";
import { setImmediate as nextTurn } from "node:timers/promises";
import { createRandom, randomInteger } from "@typebar/testing";

export interface WireRequest {
  method: string;
  path: string;
  headers: IncomingHttpHeaders;
  body: string;
  /** Settles when the connection's response is over: whether the client went away first. */
  closed: Promise<"finished" | "aborted">;
}

export type WireHandler = (response: ServerResponse, request: WireRequest) => void | Promise<void>;

export interface WireServer extends AsyncDisposable {
  /** Without a slash at the end. */
  url: string;
  port: number;
  requests: WireRequest[];
}

export async function openWireServer(handle: WireHandler): Promise<WireServer> {
  const requests: WireRequest[] = [];
  const serve = async (incoming: IncomingMessage, response: ServerResponse): Promise<void> => {
    const { promise: closed, resolve } = Promise.withResolvers<"finished" | "aborted">();
    response.on("close", () => resolve(response.writableFinished ? "finished" : "aborted"));
    const { method = "", url: path = "", headers } = incoming;
    const request = { method, path, headers, body: await readText(incoming), closed };
    requests.push(request);
    await handle(response, request);
  };
  const server = createServer((incoming, response) => {
    serve(incoming, response).catch(() => response.destroy());
  });
  await new Promise<void>((resolve) => {
    server.listen(0, "127.0.0.1", resolve);
  });
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("no port");
  return {
    url: `http://127.0.0.1:${address.port}`,
    port: address.port,
    requests,
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => {
        server.close(resolve);
      });
    },
  };
}

export async function readWire(name: string): Promise<string> {
  return readFile(new URL(`wire/${name}.txt`, import.meta.url), "utf8");
}

/** Writes an event stream in pieces of a few bytes: through the middle of lines, escapes and characters. */
export async function writeStream(response: ServerResponse, text: string, seed = 1): Promise<void> {
  response.writeHead(200, { "Content-Type": "text/event-stream; charset=utf-8" });
  response.socket?.setNoDelay(true);
  const random = createRandom(seed);
  const bytes = Buffer.from(text);
  for (let at = 0; at < bytes.length;) {
    const size = randomInteger(random, 1, 40);
    response.write(bytes.subarray(at, at + size));
    await nextTurn();
    at += size;
  }
  response.end();
}

export function writeJson(response: ServerResponse, status: number, body: unknown, headers = {}): void {
  response.writeHead(status, { "Content-Type": "application/json", ...headers });
  response.end(JSON.stringify(body));
}
