/** One open event-stream response: pulls from a feed, writes once per turn, waits for a slow reader by not reading. */
import type { Position } from "@typebar/log";
import { encodeComment, encodeEvent, encodeRetry, type OutgoingEvent } from "@typebar/sse";
import type { CloseReason } from "./close-reason.ts";
import type { StreamObserver } from "./observer.ts";
import { createPacket, type Packet } from "./packet.ts";
import { watchProgress } from "./progress.ts";
import type { Feed, PacketPull, Pull } from "./pull.ts";
import { chooseRetryMs } from "./retry-time.ts";
import type { Exchange, Sink, SinkEvents } from "./sink.ts";
import type { StreamHeaders } from "./stream-headers.ts";
import type { ConnectionTimings } from "./timings.ts";
import type { TimerWheel, WheelTimer } from "./timer-wheel.ts";

/** What all connections of a set have in common. */
export interface ConnectionShared {
  timings: ConnectionTimings;
  wheel: TimerWheel;
  observer: StreamObserver;
  random: () => number;
  owner: ConnectionOwner;
  /** How many are open now. */
  readonly openCount: number;
}

/** Is told at once, with nothing in between, so that whatever is held for a connection is given back with its end. */
export interface ConnectionOwner {
  /** It is not to be closed in here. */
  onOpened(connection: Connection): void;
  onClosed(connection: Connection): void;
}

export interface ConnectionOptions<P = Position> {
  exchange: Exchange;
  feed: Feed<P>;
  /** Where the client goes on. */
  after: P;
  /** Sent beside those of every event stream. */
  headers?: StreamHeaders;
  /** An event that goes before the first one of the feed. */
  preamble?: OutgoingEvent;
  /** The client is known to come back, so the connection may be rotated. */
  rotate: boolean;
  /** It goes on after an event ID. */
  resumed: boolean;
  shared: ConnectionShared;
  /** Whose it is, beside the owner that it shares with others. */
  owner?: ConnectionOwner;
}

export interface Connection {
  /** Settles when it is over and holds nothing any more. */
  readonly closed: Promise<CloseReason>;
  /** Ends an unfinished response so that the client sees it as cut off. */
  close(reason: CloseReason): void;
}

/** What kept the response from being opened: nothing was written, the caller answers. */
export type Refusal = { type: "expired" } | { type: "diverged" } | { type: "gone" };

/** Proxies and virus scanners that hold back the first bytes let go of so many. */
const wakingBytes = 2048;
const padding = Buffer.from(encodeComment(" ".repeat(wakingBytes - 2)));
const heartbeat = createPacket([encodeComment("")], 0);

/** One write holds about so much, so that a reader that stops has little waiting for it. */
const maxWriteBytes = 32_768;

/**
 * Opens the response: head, first lines and everything that can be pulled leave in one write.
 *
 * @throws if the log cannot be read, a record not encoded or a header not sent; nothing was written then.
 */
export async function openConnection<P>(options: ConnectionOptions<P>): Promise<Connection | Refusal> {
  const { exchange, feed, after } = options;
  const first = await feed.pull(after, maxWriteBytes);
  // The client may have left while the log was read: nothing must be registered for it.
  if (exchange.isGone) return { type: "gone" };
  if (first.type !== "packet") return first;
  return new FeedConnection(options, first);
}

/** A class, because there is one for each of many idle connections: its functions are shared. */
class FeedConnection<P> implements Connection, SinkEvents {
  readonly #feed: Feed<P>;
  readonly #shared: ConnectionShared;
  readonly #owner: ConnectionOwner | undefined;
  readonly #sink: Sink;
  /** Made when somebody asks for it. */
  #closed: PromiseWithResolvers<CloseReason> | undefined;
  #position: P;
  #isPulling = false;
  #wokenWhilePulling = false;
  /** Its reader has been at the end of the log: from then on what it gets is new. */
  #hasCaughtUp = false;
  /** Set when nothing more is to be written; what was written may still be leaving. */
  #over: CloseReason | undefined;
  #isClosed = false;
  #lastWriteTurn: number;
  #beat: WheelTimer;
  readonly #rotation: WheelTimer | undefined;
  #progress: ReturnType<typeof watchProgress> | undefined;
  readonly #unwatch: (() => void) | undefined;

  constructor(options: ConnectionOptions<P>, first: PacketPull<P>) {
    const { exchange, feed, headers, preamble, rotate, resumed, shared, owner } = options;
    const { timings, wheel, observer, random } = shared;
    this.#feed = feed;
    this.#shared = shared;
    this.#owner = owner;
    this.#position = first.position;
    // All that can throw, before anything is registered.
    const opening = createOpening(chooseRetryMs(timings, shared.openCount, random), preamble, first.packet);
    this.#sink = exchange.open(headers ?? {}, opening, this);

    observer.opened?.(resumed ? "resumed" : "new");
    this.#lastWriteTurn = wheel.turns;
    this.#beat = wheel.after(wheel.toTurns(timings.heartbeatMs), () => this.#keepAlive());
    this.#rotation = rotate
      ? wheel.after(wheel.toTurns(timings.rotateMs * (0.8 + 0.4 * random())), () => this.#rotate())
      : undefined;
    shared.owner.onOpened(this);
    owner?.onOpened(this);
    this.#account(opening);
    if (first.end) {
      this.#end();
    } else {
      this.#unwatch = feed.watch(() => this.#pump());
      this.#pump();
    }
  }

  get closed(): Promise<CloseReason> {
    if (!this.#closed) {
      this.#closed = Promise.withResolvers();
      if (this.#isClosed && this.#over) this.#closed.resolve(this.#over);
    }
    return this.#closed.promise;
  }

  close(reason: CloseReason): void {
    if (this.#isClosed) return;
    // A whole answer whose last bytes are still leaving is given a little time.
    if (this.#over === "ended") this.#sink.hurry();
    if (this.#over) return;
    this.#stop(reason);
    this.#sink.cutOff();
  }

  onDrain(): void {
    this.#pump();
  }

  onClosed(finished: boolean): void {
    this.#isClosed = true;
    this.#progress?.cancel();
    this.#stop("client-gone");
    if (this.#over === "ended" && !finished) this.#over = "client-gone";
    const reason = this.#over ?? "client-gone";
    this.#shared.observer.closed?.(reason);
    this.#shared.owner.onClosed(this);
    this.#owner?.onClosed(this);
    this.#closed?.resolve(reason);
  }

  #stop(reason: CloseReason): void {
    if (this.#over) return;
    this.#over = reason;
    this.#beat.cancel();
    this.#rotation?.cancel();
    this.#unwatch?.();
  }

  #end(): void {
    this.#stop("ended");
    this.#sink.end();
    this.#watchProgress();
  }

  #write(packet: Packet): void {
    this.#sink.write(packet);
    this.#account(packet);
  }

  #account({ byteLength, eventCount }: Packet): void {
    const { observer, wheel } = this.#shared;
    this.#lastWriteTurn = wheel.turns;
    observer.wrote?.(byteLength, eventCount);
    if (!this.#hasCaughtUp && eventCount > 0) observer.replayed?.(byteLength);
    this.#watchProgress();
  }

  #watchProgress(): void {
    const { wheel, timings } = this.#shared;
    if (this.#progress?.isWatching || !this.#sink.isBehind) return;
    this.#progress = watchProgress(this.#sink, wheel, timings.progressTimeoutMs, () => {
      this.#stop("stalled");
      this.#over = "stalled";
      this.#sink.reset();
    });
  }

  /** The wheel comes by once per heartbeat at most: what was written meanwhile only moves the next time. */
  #keepAlive(): void {
    const { wheel, timings } = this.#shared;
    const beatTurns = wheel.toTurns(timings.heartbeatMs);
    const silentTurns = wheel.turns - this.#lastWriteTurn;
    const isDue = silentTurns >= beatTurns;
    if (isDue && !this.#sink.isFull) this.#write(heartbeat);
    this.#beat = wheel.after(isDue ? beatTurns : beatTurns - silentTurns, () => this.#keepAlive());
  }

  #rotate(): void {
    if (!this.#sink.isFull) this.#write(createPacket([encodeRetry(this.#shared.timings.rotateRetryMs)], 0));
    this.close("rotated");
  }

  /** Writes what was pulled. Returns whether there may be more. */
  #take(pull: Pull<P>): boolean {
    if (this.#over) return false;
    if (pull.type !== "packet") {
      this.close("diverged");
      return false;
    }
    const moved = pull.position !== this.#position;
    this.#position = pull.position;
    if (pull.packet.byteLength > 0) this.#write(pull.packet);
    if (!moved) this.#hasCaughtUp = true;
    if (pull.end) this.#end();
    return moved && !pull.end && !this.#sink.isFull;
  }

  async #takeLater(pulled: Promise<Pull<P>>): Promise<void> {
    this.#isPulling = true;
    this.#wokenWhilePulling = false;
    try {
      const pull = await pulled;
      const more = this.#take(pull);
      this.#isPulling = false;
      // A socket that takes everything at once must not keep the others waiting until its reader has caught up.
      if (more && isFull(pull)) setImmediate(() => this.#pump());
      else if (more || this.#wokenWhilePulling) this.#pump();
    } catch {
      this.close("failed");
    }
  }

  #pump(): void {
    if (this.#isPulling) {
      this.#wokenWhilePulling = true;
      return;
    }
    try {
      while (!this.#over && !this.#sink.isFull) {
        const pull = this.#feed.pull(this.#position, maxWriteBytes);
        if (pull instanceof Promise) {
          void this.#takeLater(pull);
          return;
        }
        if (!this.#take(pull)) return;
      }
    } catch {
      this.close("failed");
    }
  }
}

/** What all openings have in common is not copied into each: thousands are written when a herd comes back. */
function createOpening(retryMs: number, preamble: OutgoingEvent | undefined, first: Packet): Packet {
  const event = preamble ? [encodeEvent(preamble)] : [];
  const eventBytes = first.byteLength + (event[0]?.length ?? 0);
  const parts = [encodeRetry(retryMs), ...(eventBytes < wakingBytes ? [padding] : []), ...event, ...first.parts];
  return createPacket(parts, first.eventCount + event.length);
}

/** Whether there is more to write than fits into one write, as far as the feed can tell. */
function isFull(pull: Pull<unknown>): boolean {
  return pull.type === "packet" && pull.packet.byteLength >= maxWriteBytes;
}
