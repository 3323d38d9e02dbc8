/** A bare socket as a sink, for the many that stay open for long: its request and response are let go of. Used by hub. */
import type { IncomingMessage, ServerResponse } from "node:http";
import { closeSoon, cutOff, reset } from "./cut-off.ts";
import { createNodeExchange, describeLeft } from "./node-sink.ts";
import type { Packet } from "./packet.ts";
import type { Exchange, Sink, SinkEvents } from "./sink.ts";
import { takeOver, type TakenSocket } from "./socket-takeover.ts";
import { joinHeaders, type StreamHeaders, streamHeaders } from "./stream-headers.ts";

/** Where the socket cannot be taken, the response is written to. */
export function createSocketExchange(request: IncomingMessage, response: ServerResponse): Exchange {
  return new SocketExchange(request, response);
}

class SocketExchange implements Exchange {
  readonly #request: IncomingMessage;
  readonly #response: ServerResponse;
  readonly #untaken: Exchange;

  constructor(request: IncomingMessage, response: ServerResponse) {
    this.#request = request;
    this.#response = response;
    this.#untaken = createNodeExchange(request, response);
  }

  get isGone(): boolean {
    return this.#untaken.isGone;
  }

  open(headers: StreamHeaders, first: Packet, events: SinkEvents): Sink {
    const taken = takeOver({
      request: this.#request,
      response: this.#response,
      headers: joinHeaders(streamHeaders, headers),
      opening: first.parts,
    });
    return taken ? new SocketSink(taken, events) : this.#untaken.open(headers, first, events);
  }
}

/** A class, because there is one for each of many idle connections: its functions are shared. */
class SocketSink implements Sink {
  readonly #taken: TakenSocket;
  isFull: boolean;

  constructor(taken: TakenSocket, events: SinkEvents) {
    const { socket } = taken;
    this.#taken = taken;
    this.isFull = socket.writableNeedDrain;
    socket.on("drain", () => {
      this.isFull = false;
      events.onDrain();
    });
    socket.on("close", () => events.onClosed(socket.writableFinished));
  }

  write(packet: Packet): void {
    const { socket, framed } = this.#taken;
    if (!socket.write(framed ? packet.chunk : packet.bytes)) this.isFull = true;
  }

  get isBehind(): boolean {
    const { socket } = this.#taken;
    return !socket.destroyed && socket.writableLength > 0;
  }

  describeLeft(): string {
    return describeLeft(this.#taken.socket);
  }

  end(): void {
    this.#taken.end();
  }

  hurry(): void {
    closeSoon(this.#taken.socket);
  }

  cutOff(): void {
    const { socket, framed } = this.#taken;
    cutOff(socket, { framed, behind: this.isFull });
  }

  reset(): void {
    reset(this.#taken.socket);
  }
}
