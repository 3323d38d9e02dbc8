/** One request: sends it, judges the answer, watches over its bytes. Started by event-stream.ts, one after the other. */
import { EventStreamError } from "./errors.ts";
import { buildRequest } from "./request.ts";
import type { RequestOptions } from "./request.ts";
import { judgeResponse, toError } from "./response.ts";
import { createWatchdog } from "./watchdog.ts";
import type { Clock } from "./watchdog.ts";

export interface AttemptOptions {
  url: string | URL;
  request: RequestOptions;
  lastEventId: string;
  fetch: typeof fetch;
  silenceMs: number;
  clock: Clock;
}

export interface Attempt {
  /**
   * The response, if it is an event stream; `undefined` if the server says with 204 that there is nothing more.
   * Rejects with {@link EventStreamError}.
   */
  readonly response: Promise<Response | undefined>;
  /**
   * The next bytes; no `value` at a clean end.
   *
   * @throws {EventStreamError} "network", "silence".
   */
  read(): Promise<{ value?: Uint8Array | undefined } | undefined>;
  /** Looks for silence now. */
  check(): void;
  /** Lets go of the connection; what is being waited for settles. */
  end(): void;
}

export function startAttempt(options: AttemptOptions): Attempt {
  const controller = new AbortController();
  const { signal } = controller;
  let reader: ReadableStreamDefaultReader<Uint8Array> | undefined;

  const end = (reason?: EventStreamError): void => {
    watchdog.stop();
    controller.abort(reason);
    // A body that does not come from the network (a given `fetch` may make its own) does not hear the abort.
    reader?.cancel().catch(ignore);
  };
  const watchdog = createWatchdog(options.clock, options.silenceMs, () => {
    end(new EventStreamError("silence", `Nothing came for ${options.silenceMs} ms`));
  });

  async function ask(): Promise<Response | undefined> {
    const response = await send(options, signal);
    const verdict = judgeResponse(response.status, response.headers.get("Content-Type"));
    if (verdict === "over") return undefined;
    if (verdict !== "open") throw await toError(verdict, response, options.clock.now());
    reader = response.body?.getReader();
    return response;
  }

  /** Waits for a head, or for bytes, under the watchdog's eye. Whatever goes wrong becomes one kind of error. */
  async function wait<T>(work: Promise<T> | undefined): Promise<T | undefined> {
    watchdog.watch();
    try {
      const result = await work;
      signal.throwIfAborted();
      return result;
    } catch (error) {
      const cause: unknown = signal.aborted ? signal.reason : error;
      throw cause instanceof EventStreamError ? cause : new EventStreamError("network", "Connection lost", { cause });
    } finally {
      watchdog.rest();
    }
  }

  return {
    response: wait(untilAborted(ask(), signal)),
    read: () => wait(reader?.read()),
    check: watchdog.check,
    end,
  };
}

async function send(options: AttemptOptions, signal: AbortSignal): Promise<Response> {
  const init = await buildRequest(options.request, options.lastEventId);
  signal.throwIfAborted();
  // Called without a receiver: the browser's own `fetch` refuses to be a method of something else.
  const { fetch } = options;
  const response = await fetch(options.url, { ...init, signal });
  if (signal.aborted) response.body?.cancel().catch(ignore);
  return response;
}

/** Settles at an abort even where a given `fetch`, or a function of the caller, does not. */
function untilAborted<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    if (signal.aborted) reject(signal.reason);
    signal.addEventListener("abort", () => reject(signal.reason), { once: true });
    promise.then(resolve, reject);
  });
}

function ignore(): void {}
