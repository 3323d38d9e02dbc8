/** A response of Node's `http` as a sink: chunks go straight to the socket, made once for all connections. */
import type { IncomingMessage, ServerResponse } from "node:http";
import type { Socket } from "node:net";
import { closeSoon, cutOff, reset } from "./cut-off.ts";
import type { Packet } from "./packet.ts";
import { type Sink, type SinkEvents, streamHeaders } from "./sink.ts";

export function createNodeSink(request: IncomingMessage, response: ServerResponse): Sink {
  return new NodeSink(request.socket, response);
}

/** A class, because there is one for each of many idle connections: its functions are shared. */
class NodeSink implements Sink {
  readonly #socket: Socket;
  readonly #response: ServerResponse;
  /** The last write was not taken. */
  #isFull = false;
  #isClosed = false;

  constructor(socket: Socket, response: ServerResponse) {
    this.#socket = socket;
    this.#response = response;
  }

  get isGone(): boolean {
    return this.#response.destroyed || this.#response.writableEnded || this.#socket.destroyed;
  }

  open(headers: Readonly<Record<string, string>>, first: Packet, events: SinkEvents): boolean {
    const response = this.#response;
    const socket = this.#socket;
    response.writeHead(200, { ...streamHeaders, ...headers });
    const onDrain = (): void => {
      this.#isFull = false;
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
    response.on("drain", onDrain);
    socket.on("drain", onDrain);
    // With the head, in one write.
    this.#isFull = !response.write(first.bytes);
    return !this.#isFull;
  }

  write(packet: Packet): boolean {
    const response = this.#response;
    // A response that waits behind another of its connection has no socket yet.
    const direct = response.socket !== null && response.chunkedEncoding;
    if (!(direct ? this.#socket.write(packet.chunk) : response.write(packet.bytes))) this.#isFull = true;
    return !this.#isFull;
  }

  get isBehind(): boolean {
    return !this.#isClosed && this.#socket.writableLength > 0;
  }

  /**
   * The bytes of whole writes that left, and of the present write what the system has not taken. The latter only Node's handle
   * knows; without it a write counts once it has left whole.
   */
  describeLeft(): string {
    const socket: Socket & { _handle?: { writeQueueSize?: number } | null } = this.#socket;
    return `${socket.bytesWritten - socket.writableLength} ${socket._handle?.writeQueueSize ?? ""}`;
  }

  end(): void {
    this.#response.end();
  }

  hurry(): void {
    closeSoon(this.#socket);
  }

  cutOff(): void {
    cutOff(this.#socket, { framed: this.#response.chunkedEncoding, behind: this.#isFull });
  }

  reset(): void {
    reset(this.#socket);
  }
}

function ignore(): void {}
