/** One open event-stream response: pulls from a feed, writes once per turn, waits for a slow reader by not reading. */
import type { IncomingMessage, ServerResponse } from "node:http";
import type { Position } from "@typebar/log";
import { encodeComment, encodeEvent, encodeRetry, type OutgoingEvent } from "@typebar/sse";
import { closeSoon, cutOff, reset } from "./cut-off.ts";
import type { Feed } from "./feed.ts";
import { toHttpChunk } from "./http-chunk.ts";
import { watchProgress } from "./progress.ts";
import type { Pull } from "./pull.ts";
import { type ConnectionTimings, defaultTimings } from "./timings.ts";

/** Why a connection is over. */
export type CloseReason =
  /** The last event was written; the response ended cleanly. */
  | "ended"
  /** The client went away. */
  | "client-gone"
  /** Its socket took no byte for `progressTimeoutMs`, even of an end that was written. */
  | "stalled"
  /** Ended by us after its time, to come back. */
  | "rotated"
  /** The server is being stopped. */
  | "shutdown"
  /** The log no longer holds what was shown. */
  | "diverged"
  /** The log could not be read. */
  | "failed";

export interface ConnectionOptions {
  request: IncomingMessage;
  response: ServerResponse;
  feed: Feed;
  /** Where the client goes on. */
  after: Position;
  /** Sent beside those of every event stream. */
  headers?: Readonly<Record<string, string>>;
  /** Blocks that go before the first one of the feed. */
  preamble?: OutgoingEvent;
  /** The client is known to come back, so the connection may be rotated. */
  rotate: boolean;
  timings?: Partial<ConnectionTimings>;
  /** @defaultValue Math.random */
  random?: () => number;
}

export interface Connection {
  /** Settles when it is over and holds nothing any more. */
  readonly closed: Promise<CloseReason>;
  /** Ends an unfinished response so that the client sees it as cut off. */
  close(reason: CloseReason): void;
}

/** What kept the response from being opened: nothing was written, the caller answers. */
export type Refusal = { type: "expired" } | { type: "diverged" } | { type: "gone" };

const streamHeaders = {
  "Content-Type": "text/event-stream; charset=utf-8",
  "Cache-Control": "no-cache, no-store, no-transform",
  "X-Accel-Buffering": "no",
};

/** Proxies and virus scanners that hold back the first bytes let go of so many. */
const wakingBytes = 2048;
const padding = encodeComment(" ".repeat(wakingBytes - 2));
const heartbeat = encodeComment("");

/** One write holds about so much, so that a reader that stops has little waiting for it. */
const maxWriteBytes = 32_768;

/**
 * Opens the response: head, first lines and everything that can be pulled leave in one write.
 *
 * @throws if the log cannot be read, a record not encoded or a header not sent; nothing was written then.
 */
export async function openConnection(options: ConnectionOptions): Promise<Connection | Refusal> {
  const { request, response, feed, after, headers, preamble, rotate, random = Math.random } = options;
  const { socket } = request;
  const timings = { ...defaultTimings, ...options.timings };
  const first = await feed.pull(after, maxWriteBytes);
  // The client may have left while the log was read: nothing must be registered for it.
  if (response.destroyed || response.writableEnded || socket.destroyed) return { type: "gone" };
  if (first.type !== "blocks") return first;

  // All that can throw, before anything is registered.
  const blocks = Buffer.concat([...(preamble ? [encodeEvent(preamble)] : []), ...first.blocks]);
  const opening = Buffer.concat([
    encodeRetry(timings.retryMs),
    ...(blocks.length < wakingBytes ? [padding] : []),
    blocks,
  ]);
  const rotateRetry = encodeRetry(timings.rotateRetryMs);
  response.writeHead(200, { ...streamHeaders, ...headers });

  let position = first.position;
  let pulling = false;
  let wokenWhilePulling = false;
  let waitingForDrain = false;
  /** Set when nothing more is to be written; what was written may still be leaving. */
  let over: CloseReason | undefined;
  let isClosed = false;
  let unwatch: (() => void) | undefined;
  const { promise: closed, resolve: settle } = Promise.withResolvers<CloseReason>();

  const beat = setTimeout(() => {
    if (waitingForDrain) beat.refresh();
    else write(heartbeat);
  }, timings.heartbeatMs);
  const rotation = rotate
    ? setTimeout(
        () => {
          if (!waitingForDrain) write(rotateRetry);
          close("rotated");
        },
        timings.rotateMs * (0.8 + 0.4 * random()),
      )
    : undefined;

  function stop(reason: CloseReason): void {
    if (over) return;
    over = reason;
    clearTimeout(beat);
    clearTimeout(rotation);
    unwatch?.();
  }

  function onDrain(): void {
    waitingForDrain = false;
    pump();
  }

  function onClosed(): void {
    isClosed = true;
    unwatchProgress();
    socket.off("drain", onDrain);
    stop("client-gone");
    settle(over === "ended" && !response.writableFinished ? "client-gone" : (over ?? "client-gone"));
  }

  function end(): void {
    stop("ended");
    response.end();
  }

  function close(reason: CloseReason): void {
    // The socket may already carry another response.
    if (isClosed) return;
    // A whole answer whose last bytes are still leaving is given a little time.
    if (over === "ended") closeSoon(socket);
    if (over) return;
    stop(reason);
    cutOff(socket, { framed: response.chunkedEncoding, behind: waitingForDrain });
  }

  function write(bytes: Uint8Array): void {
    beat.refresh();
    // A response that waits behind another of its connection has no socket yet.
    const direct = response.socket !== null && response.chunkedEncoding;
    if (!(direct ? socket.write(toHttpChunk(bytes)) : response.write(bytes))) waitingForDrain = true;
  }

  /** Writes what was pulled. Returns whether there may be more. */
  function take(pull: Pull): boolean {
    if (over) return false;
    if (pull.type !== "blocks") {
      close("diverged");
      return false;
    }
    const moved = pull.position.seq !== position.seq;
    position = pull.position;
    const [only, ...others] = pull.blocks;
    if (only) write(others.length === 0 ? only : Buffer.concat(pull.blocks));
    if (pull.end) end();
    return moved && !pull.end && !waitingForDrain;
  }

  async function takeLater(pulled: Promise<Pull>): Promise<void> {
    pulling = true;
    wokenWhilePulling = false;
    try {
      const pull = await pulled;
      const more = take(pull);
      pulling = false;
      // A socket that takes everything at once must not keep the others waiting until its reader has caught up.
      if (more && isFull(pull)) setImmediate(pump);
      else if (more || wokenWhilePulling) pump();
    } catch {
      close("failed");
    }
  }

  function pump(): void {
    if (pulling) {
      wokenWhilePulling = true;
      return;
    }
    try {
      while (!over && !waitingForDrain) {
        const pull = feed.pull(position, maxWriteBytes);
        if (pull instanceof Promise) {
          void takeLater(pull);
          return;
        }
        if (!take(pull)) return;
      }
    } catch {
      close("failed");
    }
  }

  response.once("close", onClosed);
  response.on("error", () => stop("client-gone"));
  response.on("drain", onDrain);
  socket.on("drain", onDrain);
  const unwatchProgress = watchProgress(socket, timings.progressTimeoutMs, () => {
    stop("stalled");
    over = "stalled";
    reset(socket);
  });

  waitingForDrain = !response.write(opening);
  if (first.end) {
    end();
  } else {
    unwatch = feed.watch(pump);
    pump();
  }
  return { closed, close };
}

/** Whether there is more to write than fits into one write, as far as the feed can tell. */
function isFull(pull: Pull): boolean {
  if (pull.type !== "blocks") return false;
  return pull.blocks.reduce((sum, { length }) => sum + length, 0) >= maxWriteBytes;
}
