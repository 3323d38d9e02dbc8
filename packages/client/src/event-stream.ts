/**
 * The event stream that a consumer iterates: one connection after the other, as one sequence of events.
 *
 * Everything is pulled: `next()` empties the inbox, then reads, then reconnects. So a slow consumer slows the server
 * down, and no request is repeated before the consumer, by asking for more, has said that it has not seen the end.
 */
import type { IncomingEvent } from "@typebar/sse";
import { startAttempt } from "./attempt.ts";
import type { Attempt } from "./attempt.ts";
import { createBackoff } from "./backoff.ts";
import { failuresAfterLoss, initialState, nextState } from "./connection-state.ts";
import type { ConnectionEvent, ConnectionState } from "./connection-state.ts";
import { EventStreamError, isPassing } from "./errors.ts";
import { createInbox } from "./inbox.ts";
import { toSettings } from "./options.ts";
import type { EventStreamOptions } from "./options.ts";
import { listenForWake } from "./wake.ts";

type Answer = IteratorResult<IncomingEvent, undefined>;

/** Events, in order, each once. Whoever opened it closes it: by leaving its `for await`, by `close()` or `await using`. */
export interface EventStream extends AsyncIterableIterator<IncomingEvent, undefined>, AsyncDisposable {
  readonly state: ConnectionState;
  /** ID of the last event that was handed out, or the one that the stream was opened with. Empty if there is none. */
  readonly lastEventId: string;
  /** Ends a pause between two attempts now; otherwise does nothing. */
  retryNow(): void;
  /** Lets go of the connection at once. Events not yet taken are dropped; iteration ends without an error. */
  close(): void;
}

/**
 * Opens an event stream; the request goes out at once.
 *
 * Iteration goes on over any number of connections. It ends after `close()` or a 204, and throws once if the stream
 * cannot go on: an {@link EventStreamError} with a final code, the reason of an aborted `signal`, or what `onOpen` threw.
 *
 * @throws {EventStreamError} "invalid-request": the body is a stream, or the URL cannot be used.
 * @throws {TypeError} If `silenceMs` or `maxEventChars` is not a positive number.
 */
export function openEventStream(url: string | URL, options: EventStreamOptions = {}): EventStream {
  const settings = toSettings(url, options);
  const { signal, clock } = settings;
  const computeDelayMs = createBackoff(settings.backoff);
  const inbox = createInbox({ ...settings, onRetry: (stated) => (retryMs = stated) });
  // Aborted at the end of the stream.
  const listening = new AbortController();
  let state: ConnectionState = initialState;
  let attempt: Attempt | undefined;
  let openedAtMs = 0;
  // The server's last `retry:`, of whichever connection.
  let retryMs: number | undefined;
  // On the way to an open connection, or to the end; `undefined` while a connection is being read.
  let connecting: Promise<void> | undefined;
  // Ends the present pause.
  let endPause: (() => void) | undefined;
  // The pause that is about to begin is not wanted: an observer of `waiting` asked for a retry.
  let impatient = false;
  // What iteration throws, once, when nothing is left to hand out.
  let failure: { readonly error: unknown } | undefined;
  // Calls of `next` that are not answered yet, and the last one's answer.
  let pulls = 0;
  let latest: Promise<Answer> | undefined;

  function move(event: ConnectionEvent): void {
    const next = nextState(state, event);
    if (next === state) return;
    state = next;
    try {
      settings.onStateChange?.(state);
    } catch (error) {
      // As with an event listener: it is reported, and what it listened to goes on.
      queueMicrotask(() => {
        throw error;
      });
    }
  }

  /** To the end of the stream, from whatever state. */
  function finish(reason?: { readonly error: unknown }): void {
    if (isClosed()) return;
    failure = reason;
    listening.abort();
    attempt?.end();
    move({ type: "closed", ...reason });
    endPause?.();
  }

  function isClosed(): boolean {
    return state.name === "closed";
  }

  function onAbort(): void {
    inbox.clear();
    finish({ error: signal?.reason });
  }

  /** The device is back: a pause is pointless, unless the server asked for it; and silence may have gone unnoticed. */
  function onWake(): void {
    if (state.name === "waiting" && state.error.retryAfterMs === undefined) retryNow();
    else attempt?.check();
  }

  function retryNow(): void {
    if (state.name !== "waiting") return;
    impatient = true;
    endPause?.();
  }

  function close(): void {
    inbox.clear();
    failure = undefined;
    finish();
  }

  function lose(error: unknown): void {
    if (isClosed()) return;
    if (!isPassing(error)) return finish({ error });
    attempt?.end();
    const failures = failuresAfterLoss(state, clock.now() - openedAtMs, settings.healthyMs);
    const delayMs = computeDelayMs({ failures, retryMs, retryAfterMs: error.retryAfterMs });
    impatient = false;
    move({ type: "lost", failures, delayMs, error });
  }

  /** Attempt after attempt, until one is open or the stream is closed. Never rejects. */
  async function connect(): Promise<void> {
    while (state.name === "waiting" || state.name === "connecting") {
      if (state.name === "waiting") {
        await pause(state.delayMs);
        move({ type: "retry" });
      } else {
        await tryOnce();
      }
    }
  }

  function pause(delayMs: number): Promise<void> | undefined {
    if (impatient) return undefined;
    return new Promise((resolve) => {
      const timer = clock.setTimeout(resolve, delayMs);
      endPause = () => {
        clock.clearTimeout(timer);
        resolve();
      };
    });
  }

  async function tryOnce(): Promise<void> {
    try {
      attempt = startAttempt({ ...settings, lastEventId: inbox.lastEventId });
      const response = await attempt.response;
      if (isClosed()) return;
      if (response === undefined) return finish();
      openedAtMs = clock.now();
      inbox.beginResponse();
      move({ type: "opened" });
      settings.onOpen?.(response);
    } catch (error) {
      lose(error);
    }
  }

  async function read(): Promise<void> {
    try {
      const bytes = (await attempt?.read())?.value;
      if (isClosed()) return;
      if (bytes === undefined) throw new EventStreamError("ended", "The server ended the response");
      inbox.push(bytes);
    } catch (error) {
      lose(error);
      connecting = connect();
    }
  }

  async function pull(): Promise<Answer> {
    try {
      for (;;) {
        const value = inbox.take();
        if (value !== undefined) return { done: false, value };
        if (isClosed()) return conclude();
        if (connecting === undefined) {
          await read();
        } else {
          await connecting;
          connecting = undefined;
        }
      }
    } finally {
      pulls -= 1;
    }
  }

  function conclude(): Answer {
    const thrown = failure;
    failure = undefined;
    if (thrown !== undefined) throw thrown.error;
    return { done: true, value: undefined };
  }

  listenForWake(onWake, listening.signal);
  signal?.addEventListener("abort", onAbort, { signal: listening.signal });
  if (signal?.aborted) onAbort();
  connecting = connect();

  return {
    get state() {
      return state;
    },
    get lastEventId() {
      return inbox.lastEventId;
    },
    next() {
      // Most calls find an event waiting; for them an asynchronous function would cost more than all the rest.
      const value = pulls === 0 ? inbox.take() : undefined;
      if (value !== undefined) return Promise.resolve({ done: false, value });
      pulls += 1;
      // Answers come in the order of the calls, also where somebody does not wait for one before the next.
      latest = pulls > 1 && latest ? latest.then(pull, pull) : pull();
      return latest;
    },
    async return() {
      close();
      return conclude();
    },
    retryNow,
    close,
    [Symbol.asyncIterator]() {
      return this;
    },
    async [Symbol.asyncDispose]() {
      close();
    },
  };
}
