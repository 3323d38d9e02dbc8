/** One request: sends it, has the answer judged, watches over its bytes. Started by stream-core.ts, one after the other. */
import { EventStreamError } from "./errors.ts";
import { buildRequest } from "./request.ts";
import type { RequestOptions } from "./request.ts";
import { toError } from "./response.ts";
import type { Verdict } from "./response.ts";
import { createWatchdog } from "./watchdog.ts";
import type { Clock } from "./watchdog.ts";

export interface AttemptOptions {
  url: string | URL;
  request: RequestOptions;
  lastEventId: string;
  fetch: typeof fetch;
  judge: (response: Response) => Verdict | Promise<Verdict>;
  silenceMs: number;
  clock: Clock;
}

export interface Attempt {
  /**
   * The response, if it is an event stream; `undefined` if the server says with 204 that there is nothing more.
   * Rejects with {@link EventStreamError}, or with what `judge` threw.
   */
  readonly response: Promise<Response | undefined>;
  /** Waits for bytes. What it resolves with goes to {@link accept}, what it rejects with to {@link explain}. */
  read(): Promise<ReadableStreamReadResult<Uint8Array>>;
  /** @throws {EventStreamError} "ended", or why the connection was let go of meanwhile. */
  accept(result: ReadableStreamReadResult<Uint8Array>): Uint8Array;
  /** Makes one kind of error of whatever went wrong while reading. */
  explain(error: unknown): EventStreamError;
  /** Looks for silence now. */
  check(): void;
  /** Lets go of the connection; what is being waited for settles. The first reason counts. */
  end(reason?: EventStreamError): void;
}

export function startAttempt(options: AttemptOptions): Attempt {
  const controller = new AbortController();
  const { signal } = controller;
  let reader: ReadableStreamDefaultReader<Uint8Array> | undefined;
  // The signal's own `aborted` is too slow to be asked at each read.
  let ended = false;

  const end = (reason?: EventStreamError): void => {
    ended = true;
    watchdog.stop();
    controller.abort(reason);
    // A body that does not come from the network (a given `fetch` may make its own) does not hear the abort.
    reader?.cancel().catch(ignore);
  };
  const watchdog = createWatchdog(options.clock, options.silenceMs, () => {
    end(new EventStreamError("silence"));
  });

  async function ask(): Promise<Response | undefined> {
    const response = await send(options, signal);
    const verdict = await options.judge(response);
    if (verdict === "over") return undefined;
    if (verdict !== "open") throw await toError(verdict, response, options.clock.now());
    reader = response.body?.getReader();
    return response;
  }

  // Settles at an abort even where a given `fetch`, or a function of the caller, does not.
  const aborted = new Promise<never>((_, reject) => {
    signal.addEventListener("abort", () => reject(signal.reason));
  });
  watchdog.watch();

  return {
    response: Promise.race([ask(), aborted]).finally(watchdog.rest),
    read() {
      watchdog.watch();
      // Without a body there is nothing to come.
      return reader?.read() ?? Promise.resolve({ done: true, value: undefined });
    },
    accept({ value }) {
      watchdog.rest();
      if (ended) throw signal.reason;
      if (value === undefined) throw new EventStreamError("ended");
      return value;
    },
    explain(error) {
      watchdog.rest();
      const cause: unknown = ended ? signal.reason : error;
      return cause instanceof EventStreamError ? cause : new EventStreamError("network", { cause });
    },
    check: watchdog.check,
    end,
  };
}

async function send(options: AttemptOptions, signal: AbortSignal): Promise<Response> {
  const init = await buildRequest(options.request, options.lastEventId);
  signal.throwIfAborted();
  // Called without a receiver: the browser's own `fetch` refuses to be a method of something else.
  const { fetch } = options;
  try {
    const response = await fetch(options.url, { ...init, signal });
    if (signal.aborted) response.body?.cancel().catch(ignore);
    return response;
  } catch (cause) {
    throw new EventStreamError("network", { cause });
  }
}

function ignore(): void {}
