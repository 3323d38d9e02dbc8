/** Where the bytes of one connection go: a response of Node's, or a web-standard one. Written to by connection. */
import type { Packet } from "./packet.ts";
import type { StreamHeaders } from "./stream-headers.ts";

export interface SinkEvents {
  /** It takes bytes again. */
  onDrain(): void;
  /** It is over, once, whoever ended it. `finished`: all that was written left, up to a clean end. */
  onClosed(finished: boolean): void;
}

/** A request that is to be answered by an event stream. */
export interface Exchange {
  /** Its client has left already: nothing may be written, nothing registered. */
  readonly isGone: boolean;
  /**
   * Sends the head and the first bytes.
   *
   * @throws if a header cannot be sent; nothing was written then.
   */
  open(headers: StreamHeaders, first: Packet, events: SinkEvents): Sink;
}

export interface Sink {
  /** It takes no more now; `onDrain` follows. */
  readonly isFull: boolean;
  write(packet: Packet): void;
  /** Something that was written has not left yet. */
  readonly isBehind: boolean;
  /** Another text whenever bytes have left, whatever was written meanwhile. */
  describeLeft(): string;
  /** Ends the response as a whole one. */
  end(): void;
  /** After `end`: what is still leaving is given a little time. */
  hurry(): void;
  /** Ends it so that the client cannot mistake it for a whole one. What a full one still holds is not waited for. */
  cutOff(): void;
  /** Ends it at once; nothing that it still holds leaves. */
  reset(): void;
}
