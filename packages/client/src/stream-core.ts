/**
 * One connection after the other, as one sequence of events. Iterated by event-stream.ts, drained by
 * read-event-stream.ts, fetch-event-source.ts and event-source.ts.
 *
 * Everything is pulled: a consumer empties the inbox, then reads, then reconnects. So a slow consumer slows the server
 * down, and no request is repeated before the consumer, by asking for more, has said that it has not seen the end.
 */
import { maxTimerMs } from "@typebar/sse";
import type { IncomingEvent } from "@typebar/sse";
import { startAttempt } from "./attempt.ts";
import type { Attempt } from "./attempt.ts";
import { createBackoff } from "./backoff.ts";
import { failuresAfterLoss, initialState, nextState } from "./connection-state.ts";
import type { ConnectionEvent, ConnectionState } from "./connection-state.ts";
import { EventStreamError } from "./errors.ts";
import { createInbox } from "./inbox.ts";
import type { Consumer, InboxOptions } from "./inbox.ts";
import type { Settings } from "./options.ts";
import type { StreamPolicy } from "./policy.ts";
import { listenForWake } from "./wake.ts";

/** How often the clock is looked at. */
const tickMs = 5000;

export interface StreamCore {
  readonly state: ConnectionState;
  readonly lastEventId: string;
  /** The next event, if it is there already. */
  take(): IncomingEvent | undefined;
  /**
   * Waits for bytes, or for a connection that may bring some: then there may be something to take, or an end.
   *
   * @param consumer - Is given the events that come, one after the other, without a queue. Where it returns a promise,
   *   the rest is to be taken, and this waits for it. What it throws, or rejects with, this rejects with; else it never
   *   rejects.
   */
  advance(consumer?: Consumer): Promise<void>;
  /** The consumer failed at an event: the rest of what came is dropped, and what follows is as after a loss. */
  fail(error: unknown): void;
  /** Throws, once, why the stream ended. To be asked when it is closed and nothing is left to take. */
  conclude(): void;
  retryNow(): void;
  close(): void;
}

/** @param toEvent - Makes what is handed out of what was parsed. */
export function createStreamCore(
  settings: Settings,
  policy: StreamPolicy,
  toEvent?: InboxOptions["toEvent"],
): StreamCore {
  const { signal, clock } = settings;
  const computeDelayMs = createBackoff(settings.backoff);
  const inbox = createInbox({ ...settings, toEvent, onRetry: (stated) => (retryMs = stated) });
  const deadlineMs = clock.now() + settings.totalMs;
  let tickedAtMs = Infinity;
  let ticker: unknown;
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
  // The page is frozen or kept for the back button.
  let suspended = false;
  // Who asked for the present read.
  let consumer: Consumer | undefined;
  // What the consumer gets, once, when nothing is left to hand out.
  let failure: { readonly error: unknown } | undefined;

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
    clock.clearTimeout(ticker);
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

  function onSuspend(): void {
    suspended = true;
    attempt?.end(new EventStreamError("suspended"));
  }

  /** The device is back: a pause is pointless, unless the server asked for it; and silence may have gone unnoticed. */
  function onWake(): void {
    suspended = false;
    if (state.name !== "waiting") attempt?.check();
    else if (state.error.retryAfterMs === undefined) retryNow();
  }

  /** Looks at the clock now and then: for the end of the time, and for a sleep, after which it has gone further than a timer. */
  function tick(): void {
    const nowMs = clock.now();
    if (nowMs >= deadlineMs) {
      const cause = state.name === "waiting" ? state.error : undefined;
      return finish({ error: new EventStreamError("timed-out", { cause }) });
    }
    if (nowMs - tickedAtMs > 2 * tickMs) onWake();
    tickedAtMs = nowMs;
    if (!isClosed()) ticker = clock.setTimeout(tick, Math.min(tickMs, deadlineMs - nowMs));
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
    attempt?.end();
    const loss = error instanceof EventStreamError ? error : new EventStreamError("request-failed", { cause: error });
    impatient = false;
    if (loss.code === "suspended")
      return move({ type: "lost", failures: 0, delayMs: suspended ? Infinity : 0, error: loss });
    const failures = failuresAfterLoss(state, clock.now() - openedAtMs, settings.healthyMs);
    try {
      const wantedMs = computeDelayMs({ failures, retryMs, retryAfterMs: loss.retryAfterMs });
      const delayMs = policy.afterLoss(error, failures, wantedMs);
      if (delayMs === undefined) finish();
      else move({ type: "lost", failures, delayMs, error: loss });
    } catch (final) {
      finish({ error: final });
    }
  }

  /** Attempt after attempt, until one is open or the stream is closed. Never rejects. */
  async function connect(): Promise<void> {
    while (state.name === "waiting" || state.name === "connecting") {
      if (state.name === "connecting") {
        await tryOnce();
      } else {
        await pause(suspended ? Infinity : state.delayMs);
        if (!suspended || impatient) move({ type: "retry" });
      }
    }
  }

  async function pause(delayMs: number): Promise<void> {
    let timer: unknown;
    await new Promise<void>((resolve) => {
      endPause = resolve;
      timer = clock.setTimeout(resolve, Math.min(maxTimerMs, delayMs));
      if (impatient) resolve();
    });
    clock.clearTimeout(timer);
  }

  async function tryOnce(): Promise<void> {
    try {
      attempt = startAttempt({ ...settings, judge: policy.judge, lastEventId: inbox.lastEventId });
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

  function advance(next?: Consumer): Promise<void> {
    consumer = next;
    if (connecting !== undefined || attempt === undefined) return connected();
    // One promise a read: an asynchronous function would cost twice as much.
    return attempt.read().then(receive, interrupted);
  }

  async function connected(): Promise<void> {
    await connecting;
    connecting = undefined;
  }

  function receive(result: ReadableStreamReadResult<Uint8Array>): void | Promise<void> {
    let bytes: Uint8Array;
    try {
      bytes = (attempt as Attempt).accept(result);
    } catch (error) {
      return interrupted(error);
    }
    try {
      inbox.push(bytes, consumer);
    } catch (error) {
      interrupted(error);
    }
    return inbox.work;
  }

  function interrupted(error: unknown): void {
    reconnect((attempt as Attempt).explain(error));
  }

  function reconnect(error: unknown): void {
    lose(error);
    connecting = connect();
  }

  function conclude(): void {
    const thrown = failure;
    failure = undefined;
    if (thrown !== undefined) throw thrown.error;
  }

  if (signal?.aborted) {
    onAbort();
  } else {
    signal?.addEventListener("abort", onAbort, { signal: listening.signal });
    listenForWake({ suspendWhen: policy.suspendWhen, onSuspend, onWake }, listening.signal);
    tick();
  }
  connecting = connect();

  return {
    get state() {
      return state;
    },
    get lastEventId() {
      return inbox.lastEventId;
    },
    take: inbox.take,
    advance,
    fail(error) {
      inbox.clear();
      reconnect(error);
    },
    conclude,
    retryNow,
    close,
  };
}
