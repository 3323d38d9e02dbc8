/** One open event-stream response: pulls from a feed, writes once per turn, waits for a slow reader by not reading. */
import type { IncomingMessage, ServerResponse } from "node:http";
import type { Position } from "@typebar/log";
import { encodeComment, encodeRetry } from "@typebar/sse";
import type { Feed, Pull } from "./feed.ts";

/** Why a connection is over. */
export type CloseReason =
  /** The last event was written; the response ended cleanly. */
  | "ended"
  /** The client went away. */
  | "client-gone"
  /** Its socket took no byte for `progressTimeoutMs`. */
  | "stalled"
  /** Ended by us after its time, to come back. */
  | "rotated"
  /** The server is being stopped. */
  | "shutdown"
  /** The log no longer holds what was shown. */
  | "diverged"
  /** The log could not be read. */
  | "failed";

export interface ConnectionTimings {
  /** Silence after which a comment line is sent, in milliseconds. @defaultValue 15000 */
  heartbeatMs: number;
  /** A socket that takes no byte for so long is destroyed, in milliseconds. @defaultValue 30000 */
  progressTimeoutMs: number;
  /** Mean life of a connection that may be rotated, in milliseconds; each gets ± 20 %. @defaultValue 240000 */
  rotateMs: number;
  /** Reconnection time told at each open, in milliseconds. @defaultValue 1000 */
  retryMs: number;
  /** Reconnection time told just before a rotation, in milliseconds. @defaultValue 250 */
  rotateRetryMs: number;
}

export const defaultTimings: ConnectionTimings = {
  heartbeatMs: 15_000,
  progressTimeoutMs: 30_000,
  rotateMs: 240_000,
  retryMs: 1000,
  rotateRetryMs: 250,
};

export interface ConnectionOptions {
  request: IncomingMessage;
  response: ServerResponse;
  feed: Feed;
  /** Where the client goes on. */
  after: Position;
  /** Sent beside those of every event stream. */
  headers?: Readonly<Record<string, string>>;
  /** Blocks that go before the first one of the feed. */
  preamble?: Uint8Array;
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

/** Wakes proxies and virus scanners that hold back the first bytes. */
const padding = encodeComment(" ".repeat(2046));
const heartbeat = encodeComment("");

/** One write holds about so much, so that a reader that stops has little waiting for it. */
const maxWriteBytes = 32_768;

/**
 * Opens the response: head, first lines and everything that can be pulled leave in one write.
 *
 * @throws if the log cannot be read; nothing was written then.
 */
export async function openConnection(options: ConnectionOptions): Promise<Connection | Refusal> {
  const { request, response, feed, after, headers, preamble, rotate, random = Math.random } = options;
  const timings = { ...defaultTimings, ...options.timings };
  const first = await feed.pull(after, maxWriteBytes);
  // The client may have left while the log was read: nothing must be registered for it.
  if (response.destroyed || response.writableEnded || request.socket.destroyed) return { type: "gone" };
  if (first.type !== "blocks") return first;

  let position = first.position;
  let pulling = false;
  let wokenWhilePulling = false;
  let waitingForDrain = false;
  let over = false;
  const { promise: closed, resolve: settle } = Promise.withResolvers<CloseReason>();

  const beat = setTimeout(() => {
    if (!waitingForDrain) write(heartbeat);
    else beat.refresh();
  }, timings.heartbeatMs);
  let stall: NodeJS.Timeout | undefined;
  const rotation = rotate
    ? setTimeout(
        () => {
          if (!waitingForDrain) write(encodeRetry(timings.rotateRetryMs));
          close("rotated");
        },
        timings.rotateMs * (0.8 + 0.4 * random()),
      )
    : undefined;
  const unwatch = feed.watch(pump);
  response.on("close", () => finish("client-gone"));
  response.on("error", () => finish("client-gone"));
  response.on("drain", () => {
    waitingForDrain = false;
    clearTimeout(stall);
    pump();
  });

  function finish(reason: CloseReason): void {
    if (over) return;
    over = true;
    clearTimeout(beat);
    clearTimeout(stall);
    clearTimeout(rotation);
    unwatch();
    settle(reason);
  }

  function close(reason: CloseReason): void {
    if (over) return;
    const stalled = waitingForDrain;
    finish(reason);
    endUnfinished(request, response, stalled);
  }

  function write(bytes: Uint8Array): void {
    beat.refresh();
    if (response.write(bytes)) return;
    waitingForDrain = true;
    stall = setTimeout(() => close("stalled"), timings.progressTimeoutMs);
  }

  /** Writes what was pulled. Returns whether there may be more. */
  function take(pull: Pull): boolean {
    if (over) return false;
    if (pull.type !== "blocks") {
      close("diverged");
      return false;
    }
    position = pull.position;
    const [only, ...others] = pull.blocks;
    if (!only) return false;
    write(others.length === 0 ? only : Buffer.concat(pull.blocks));
    if (pull.end) {
      finish("ended");
      response.end();
    }
    return !pull.end && !waitingForDrain;
  }

  function pump(): void {
    if (pulling) {
      wokenWhilePulling = true;
      return;
    }
    while (!over && !waitingForDrain) {
      const pull = feed.pull(position, maxWriteBytes);
      if (pull instanceof Promise) {
        pulling = true;
        wokenWhilePulling = false;
        pull.then(
          (pulled) => {
            pulling = false;
            if (take(pulled) || wokenWhilePulling) pump();
          },
          () => close("failed"),
        );
        return;
      }
      if (!take(pull)) return;
    }
  }

  response.writeHead(200, { ...streamHeaders, ...headers });
  write(Buffer.concat([encodeRetry(timings.retryMs), padding, ...(preamble ? [preamble] : []), ...first.blocks]));
  if (first.end) {
    finish("ended");
    response.end();
  } else if (!waitingForDrain) {
    pump();
  }
  return { closed, close };
}

/** How long bytes already written may take to leave before the socket is destroyed, in milliseconds. */
const lingerMs = 1000;

/**
 * Ends a response so that it cannot be mistaken for a whole one: without the last chunk, or by a reset where HTTP/1.0 has no
 * other sign.
 */
function endUnfinished(request: IncomingMessage, response: ServerResponse, stalled: boolean): void {
  const { socket } = request;
  if (stalled) {
    socket.destroy();
  } else if (request.httpVersionMajor === 1 && request.httpVersionMinor === 0) {
    socket.resetAndDestroy();
  } else {
    socket.destroySoon();
    const linger = setTimeout(() => socket.destroy(), lingerMs);
    response.once("close", () => clearTimeout(linger));
  }
}
