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
import type { Backoff } from "./backoff.ts";
import { failuresAfterLoss, initialState, nextState } from "./connection-state.ts";
import type { ConnectionEvent, ConnectionState } from "./connection-state.ts";
import { EventStreamError, isPassing } from "./errors.ts";
import { createInbox } from "./inbox.ts";
import type { Inbox } from "./inbox.ts";
import { toSettings } from "./options.ts";
import type { EventStreamOptions, Settings } from "./options.ts";
import { listenForWake } from "./wake.ts";

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
  return new ReconnectingStream(toSettings(url, options));
}

class ReconnectingStream implements EventStream {
  readonly #settings: Settings;
  readonly #inbox: Inbox;
  readonly #backoff: Backoff;
  readonly #stopListening: () => void;
  #state: ConnectionState = initialState;
  #attempt: Attempt | undefined;
  #openedAtMs = 0;
  /** The server's last `retry:`, of whichever connection. */
  #retryMs: number | undefined;
  /** On the way to an open connection, or to the end; `undefined` while a connection is being read. */
  #connecting: Promise<void> | undefined;
  /** Ends the present pause. */
  #endPause: (() => void) | undefined;
  /** The pause that is about to begin is not wanted: an observer of `waiting` asked for a retry. */
  #impatient = false;
  /** What iteration throws, once, when nothing is left to hand out. */
  #failure: { readonly error: unknown } | undefined;
  /** Calls of `next` that are not answered yet, and the last one's answer. */
  #pulls = 0;
  #latest: Promise<IteratorResult<IncomingEvent, undefined>> | undefined;

  constructor(settings: Settings) {
    this.#settings = settings;
    this.#backoff = createBackoff(settings.backoff);
    this.#inbox = createInbox({ ...settings, onRetry: (retryMs) => (this.#retryMs = retryMs) });
    const { signal } = settings;
    const onAbort = (): void => {
      this.#inbox.clear();
      this.#end({ error: signal?.reason });
    };
    const stopListeningForWake = listenForWake(() => this.#wake());
    signal?.addEventListener("abort", onAbort);
    this.#stopListening = () => {
      stopListeningForWake();
      signal?.removeEventListener("abort", onAbort);
    };
    if (signal?.aborted) onAbort();
    this.#connecting = this.#connect();
  }

  get state(): ConnectionState {
    return this.#state;
  }

  get lastEventId(): string {
    return this.#inbox.lastEventId;
  }

  next(): Promise<IteratorResult<IncomingEvent, undefined>> {
    this.#pulls += 1;
    const pull = (): Promise<IteratorResult<IncomingEvent, undefined>> => this.#pull();
    // Answers come in the order of the calls, also where somebody does not wait for one before the next.
    this.#latest = this.#pulls > 1 && this.#latest ? this.#latest.then(pull, pull) : pull();
    return this.#latest;
  }

  async return(): Promise<IteratorResult<IncomingEvent, undefined>> {
    this.close();
    return this.#finish();
  }

  retryNow(): void {
    if (this.#state.name !== "waiting") return;
    this.#impatient = true;
    this.#endPause?.();
  }

  close(): void {
    this.#inbox.clear();
    this.#failure = undefined;
    this.#end();
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.close();
  }

  async #pull(): Promise<IteratorResult<IncomingEvent, undefined>> {
    try {
      for (;;) {
        const value = this.#inbox.take();
        if (value !== undefined) return { done: false, value };
        if (this.#state.name === "closed") return this.#finish();
        if (this.#connecting !== undefined) {
          await this.#connecting;
          this.#connecting = undefined;
        } else {
          await this.#read();
        }
      }
    } finally {
      this.#pulls -= 1;
    }
  }

  #finish(): IteratorResult<IncomingEvent, undefined> {
    const failure = this.#failure;
    this.#failure = undefined;
    if (failure !== undefined) throw failure.error;
    return { done: true, value: undefined };
  }

  async #read(): Promise<void> {
    try {
      const bytes = await this.#attempt?.read();
      if (this.#state.name === "closed") return;
      if (bytes === undefined) throw new EventStreamError("ended", "The server ended the response");
      this.#inbox.push(bytes);
    } catch (error) {
      this.#lose(error);
      this.#connecting = this.#connect();
    }
  }

  /** Attempt after attempt, until one is open or the stream is closed. Never rejects. */
  async #connect(): Promise<void> {
    while (this.#state.name !== "closed" && this.#state.name !== "open") {
      if (this.#state.name === "waiting") {
        await this.#pause(this.#state.delayMs);
        this.#move({ type: "retry" });
      } else {
        await this.#try();
      }
    }
  }

  async #try(): Promise<void> {
    const settings = this.#settings;
    const attempt = startAttempt({ ...settings, lastEventId: this.#inbox.lastEventId });
    this.#attempt = attempt;
    try {
      const response = await attempt.response;
      if (this.#state.name === "closed") return;
      if (response === undefined) return this.#end();
      this.#openedAtMs = settings.clock.now();
      this.#inbox.beginResponse();
      this.#move({ type: "opened" });
      settings.onOpen?.(response);
    } catch (error) {
      this.#lose(error);
    }
  }

  #lose(error: unknown): void {
    if (this.#state.name === "closed") return;
    if (!isPassing(error)) return this.#end({ error });
    this.#attempt?.end();
    const { clock, healthyMs } = this.#settings;
    const failures = failuresAfterLoss(this.#state, clock.now() - this.#openedAtMs, healthyMs);
    const delayMs = this.#backoff({ failures, retryMs: this.#retryMs, retryAfterMs: error.retryAfterMs });
    this.#impatient = false;
    this.#move({ type: "lost", failures, delayMs, error });
  }

  #pause(delayMs: number): Promise<void> {
    if (this.#impatient) return Promise.resolve();
    const { clock } = this.#settings;
    return new Promise((resolve) => {
      const timer = clock.setTimeout(resolve, delayMs);
      this.#endPause = () => {
        clock.clearTimeout(timer);
        resolve();
      };
    });
  }

  /** The device is back: a pause is pointless, unless the server asked for it; and silence may have gone unnoticed. */
  #wake(): void {
    if (this.#state.name === "waiting" && this.#state.error.retryAfterMs === undefined) this.retryNow();
    else this.#attempt?.check();
  }

  #end(failure?: { readonly error: unknown }): void {
    if (this.#state.name === "closed") return;
    this.#failure = failure;
    this.#stopListening();
    this.#attempt?.end();
    this.#move({ type: "closed", ...failure });
    this.#endPause?.();
  }

  #move(event: ConnectionEvent): void {
    const state = nextState(this.#state, event);
    if (state === this.#state) return;
    this.#state = state;
    try {
      this.#settings.onStateChange?.(state);
    } catch (error) {
      // As with an event listener: it is reported, and what it listened to goes on.
      queueMicrotask(() => {
        throw error;
      });
    }
  }
}
