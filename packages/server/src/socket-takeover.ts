/**
 * Writes the head of an event stream, then takes the socket from Node's HTTP server, which would hold a parser, the request
 * and a dozen listeners as long as the stream lasts: most of what an idle connection costs. Called by connection.
 */
import type { IncomingMessage, OutgoingHttpHeaders, ServerResponse } from "node:http";
import type { Socket } from "node:net";
import { alsoCloseWithServer, type ServedSocket } from "./close-with-server.ts";
import { heedLateListeners } from "./late-listeners.ts";

export interface TakenSocket {
  /** What is written to it is read by the client; what the client still sends gets no answer. */
  readonly socket: Socket;
  /** The body is sent in HTTP/1.1 chunks: what is written must be, too. */
  readonly framed: boolean;
  /** Ends the response as a whole one, then its connection. */
  end(): void;
}

export interface TakeOverOptions {
  request: IncomingMessage;
  /** Nothing of it was written. Headers that were set are sent. */
  response: ServerResponse;
  /** A `Connection`, here or set before, is replaced. */
  headers: OutgoingHttpHeaders;
  /** The first bytes of the body, in any number of pieces; they leave together with the head. */
  opening: readonly Uint8Array[];
}

/** Node's parser of a connection, as far as it is used here. */
interface HttpParser {
  incoming: IncomingMessage | null;
  remove(): void;
  close(): void;
}

type HttpSocket = ServedSocket & { parser?: HttpParser | null };

type Listener = (...values: unknown[]) => void;

/** By these names Node's listeners are told from those of others. Where one is missing, the socket is left to Node. */
const httpListeners = [
  ["data", "bound socketOnData"],
  ["end", "bound socketOnEnd"],
  ["drain", "bound socketOnDrain"],
  ["close", "bound socketOnClose"],
  ["error", "socketOnError"],
  ["timeout", "socketOnTimeout"],
] as const;

const lastChunk = "0\r\n\r\n";

/**
 * Opens the response with status 200 and `Connection: close`, so that no request may follow on its socket.
 *
 * Node lets go of the socket at the end of the turn, unless a later request has come already, the present one is still being
 * received, or Node's insides are not those known here; writing is the same either way. Whoever listens to the request or
 * the response is told of the end as ever; if nobody does, both are let go of, too.
 *
 * @returns `undefined` if the response has no socket of its own: in HTTP/2, while an earlier answer of the connection is
 *   leaving, when the client is gone; or if it can have no such body. Nothing was written then.
 * @throws if a header cannot be sent; nothing was written then.
 */
export function takeOver({ request, response, headers, opening }: TakeOverOptions): TakenSocket | undefined {
  const socket: HttpSocket | null = response.socket;
  if (!socket?.parser || socket.destroyed) return undefined;
  if (request.method === "HEAD" || response.headersSent || response.writableCorked > 0) return undefined;

  response.writeHead(200, closing(headers));
  const framed = response.chunkedEncoding;
  socket.cork();
  response.flushHeaders();
  // In pieces, as Node's own response would: none is copied.
  if (framed) socket.write(`${countBytes(opening).toString(16)}\r\n`);
  for (const piece of opening) socket.write(piece);
  if (framed) socket.write("\r\n");
  socket.uncork();

  const taken = new Taken(response, socket, framed);
  // The parser may be what called us, and go on to the next request: it must have returned.
  setImmediate(() => {
    const listeners = findListeners(socket);
    const { parser } = socket;
    if (!parser || !listeners || !isOnlyRequest(request, parser) || response.writableEnded) return;
    const isHeard = isListenedTo(request, response);
    release(socket, parser, isHeard ? listeners.filter(([event]) => event !== "close") : listeners);
    if (isHeard) return;
    taken.forgetResponse();
    response.detachSocket(socket);
    heedLateListeners(request, response);
  });
  return taken;
}

function countBytes(pieces: readonly Uint8Array[]): number {
  return pieces.reduce((sum, { length }) => sum + length, 0);
}

function closing(headers: OutgoingHttpHeaders): OutgoingHttpHeaders {
  const others = Object.entries(headers).filter(([name]) => name.toLowerCase() !== "connection");
  return { ...Object.fromEntries(others), Connection: "close" };
}

/** A class, because there is one for each of many idle connections: its functions are shared, and hold nothing of the request. */
class Taken implements TakenSocket {
  readonly socket: Socket;
  readonly framed: boolean;
  #response: ServerResponse | undefined;

  constructor(response: ServerResponse, socket: Socket, framed: boolean) {
    this.socket = socket;
    this.framed = framed;
    this.#response = response;
  }

  end(): void {
    if (this.#response) this.#response.end();
    else endSocket(this.socket, this.framed);
  }

  forgetResponse(): void {
    this.#response = undefined;
  }
}

function endSocket(socket: Socket, framed: boolean): void {
  if (!socket.writable) return;
  if (framed) socket.write(lastChunk);
  socket.destroySoon();
}

function isOnlyRequest(request: IncomingMessage, parser: HttpParser): boolean {
  return request.complete && parser.incoming === request;
}

/** What Node's HTTP server listens for, if all is as known. */
function findListeners(socket: HttpSocket): Array<[event: string, listener: Listener]> | undefined {
  const { parser, server, destroyed } = socket;
  if (destroyed || !server || typeof parser?.remove !== "function" || typeof parser.close !== "function")
    return undefined;
  const listeners: Array<[string, Listener]> = [];
  for (const [event, name] of httpListeners) {
    const [found, ...others] = socket.listeners(event).filter((listener) => listener.name === name);
    if (!found || others.length > 0) return undefined;
    listeners.push([event, found as Listener]);
  }
  return listeners;
}

/** Whether anybody but Node itself waits for something of the request or the response. */
function isListenedTo(request: IncomingMessage, response: ServerResponse): boolean {
  return (
    request.eventNames().length > 0 ||
    response.eventNames().some((event) => event !== "finish") ||
    response.listenerCount("finish") > 1
  );
}

function release(socket: HttpSocket, parser: HttpParser, listeners: Array<[event: string, listener: Listener]>): void {
  // While the socket has its parser, this also makes Node give the bytes back to the socket.
  socket.on("data", ignore);
  socket.on("error", ignore);
  for (const [event, listener] of listeners) socket.off(event, listener);
  socket.setTimeout(0);
  // A client that ends its side has left.
  socket.allowHalfOpen = false;
  socket.resume();
  socket.parser = null;
  parser.remove();
  parser.close();
  alsoCloseWithServer(socket);
}

function ignore(): void {}
