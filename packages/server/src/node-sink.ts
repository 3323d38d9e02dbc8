/** A response of Node's `http` as a sink: chunks go straight to the socket, made once for all connections. */
import type { IncomingMessage, ServerResponse } from "node:http";
import type { Socket } from "node:net";
import { closeSoon, cutOff, reset } from "./cut-off.ts";
import type { Packet } from "./packet.ts";
import type { Exchange, Sink, SinkEvents } from "./sink.ts";
import { joinHeaders, type StreamHeaders, streamHeaders } from "./stream-headers.ts";

export function createNodeExchange(request: IncomingMessage, response: ServerResponse): Exchange {
  return new NodeExchange(request, response);
}

/** A class, like all that is made for each connection: what a getter of an object literal holds is let go of only by a full collection. */
class NodeExchange implements Exchange {
  readonly #socket: Socket;
  readonly #response: ServerResponse;

  constructor({ socket }: IncomingMessage, response: ServerResponse) {
    this.#socket = socket;
    this.#response = response;
  }

  get isGone(): boolean {
    return this.#response.destroyed || this.#response.writableEnded || this.#socket.destroyed;
  }

  open(headers: StreamHeaders, first: Packet, events: SinkEvents): Sink {
    this.#response.writeHead(200, joinHeaders(streamHeaders, headers));
    return new NodeSink(this.#socket, this.#response, first, events);
  }
}

/** A class, because there is one for each of many idle connections: its functions are shared. */
class NodeSink implements Sink {
  readonly #socket: Socket;
  readonly #response: ServerResponse;
  isFull: boolean;
  #isClosed = false;

  constructor(socket: Socket, response: ServerResponse, first: Packet, events: SinkEvents) {
    this.#socket = socket;
    this.#response = response;
    const onDrain = (): void => {
      this.isFull = false;
      events.onDrain();
    };
    response.once("close", () => {
      // The socket may go on to carry another response.
      this.#isClosed = true;
      socket.off("drain", onDrain);
      events.onClosed(response.writableFinished);
    });
    // What follows an error is `close`.
    response.on("error", ignore);
    if (response.req.method === "HEAD") {
      // There is nothing but the head, and nobody who follows.
      this.isFull = true;
      response.end();
      return;
    }
    response.on("drain", onDrain);
    socket.on("drain", onDrain);
    // With the head, in one write.
    this.isFull = !response.write(first.bytes);
  }

  write(packet: Packet): void {
    const response = this.#response;
    // A response that waits behind another of its connection has no socket yet.
    const direct = response.socket !== null && response.chunkedEncoding;
    if (!(direct ? this.#socket.write(packet.chunk) : response.write(packet.bytes))) this.isFull = true;
  }

  get isBehind(): boolean {
    return !this.#isClosed && this.#socket.writableLength > 0;
  }

  describeLeft(): string {
    return describeLeft(this.#socket);
  }

  end(): void {
    this.#response.end();
  }

  hurry(): void {
    closeSoon(this.#socket);
  }

  cutOff(): void {
    cutOff(this.#socket, { framed: this.#response.chunkedEncoding, behind: this.isFull });
  }

  reset(): void {
    reset(this.#socket);
  }
}

/**
 * The bytes of whole writes that left, and of the present write what the system has not taken. The latter only Node's handle
 * knows; without it a write counts once it has left whole.
 */
export function describeLeft(socket: Socket & { _handle?: { writeQueueSize?: number } | null }): string {
  return `${socket.bytesWritten - socket.writableLength} ${socket._handle?.writeQueueSize ?? ""}`;
}

function ignore(): void {}
