/** One request: sends it, judges the answer, watches over its bytes. Started by event-stream.ts, one after the other. */
import { EventStreamError } from "./errors.ts";
import { buildRequest } from "./request.ts";
import type { RequestOptions } from "./request.ts";
import { judgeResponse, parseProblem, parseRetryAfter } from "./response.ts";
import { createWatchdog } from "./watchdog.ts";
import type { Clock } from "./watchdog.ts";

/** An error answer is read up to here for its problem object. */
const maxProblemChars = 65_536;

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
   * The next bytes; `undefined` at a clean end.
   *
   * @throws {EventStreamError} "network", "silence".
   */
  read(): Promise<Uint8Array | undefined>;
  /** Looks for silence now. */
  check(): void;
  /** Lets go of the connection; what is being waited for settles. */
  end(): void;
}

export function startAttempt(options: AttemptOptions): Attempt {
  const controller = new AbortController();
  const { signal } = controller;
  let reader: ReadableStreamDefaultReader<Uint8Array> | undefined;
  // Why this attempt was given up, where that was our decision.
  let silence: EventStreamError | undefined;

  const end = (): void => {
    watchdog.stop();
    controller.abort();
    // A body that does not come from the network (a given `fetch` may make its own) does not hear the abort.
    reader?.cancel().catch(ignore);
  };
  const watchdog = createWatchdog(options.clock, options.silenceMs, () => {
    silence = new EventStreamError("silence", `Nothing came for ${options.silenceMs} ms`);
    end();
  });
  const toError = (cause: unknown): unknown =>
    silence ??
    (cause instanceof EventStreamError ? cause : new EventStreamError("network", "The connection failed", { cause }));

  async function open(): Promise<Response | undefined> {
    watchdog.watch();
    try {
      const response = await untilAborted(send(options, signal), signal);
      const verdict = judgeResponse(response.status, response.headers.get("Content-Type"));
      if (verdict === "over") return undefined;
      if (verdict !== "open") throw await untilAborted(toRefusal(verdict, response, options.clock.now()), signal);
      reader = response.body?.getReader();
      return response;
    } catch (error) {
      throw toError(error);
    } finally {
      watchdog.rest();
    }
  }

  return {
    response: open(),
    async read() {
      watchdog.watch();
      try {
        const chunk = await reader?.read();
        if (silence !== undefined) throw silence;
        return chunk?.value;
      } catch (error) {
        throw toError(error);
      } finally {
        watchdog.rest();
      }
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
  const response = await fetch(options.url, { ...init, signal });
  if (signal.aborted) response.body?.cancel().catch(ignore);
  return response;
}

async function toRefusal(
  verdict: "retry" | "reject" | "wrong-content-type",
  response: Response,
  nowMs: number,
): Promise<EventStreamError> {
  const { status, headers } = response;
  const contentType = headers.get("Content-Type");
  if (verdict === "wrong-content-type") {
    response.body?.cancel().catch(ignore);
    return new EventStreamError(verdict, `The answer is ${contentType ?? "untyped"}, not text/event-stream`, {
      status,
    });
  }
  return new EventStreamError(verdict === "retry" ? "unavailable" : "rejected", `The server answered ${status}`, {
    status,
    problem: parseProblem(contentType, await readText(response)),
    retryAfterMs: parseRetryAfter(headers.get("Retry-After"), nowMs),
  });
}

/** The start of a body, as far as it can be had: the status alone says what to do. */
async function readText({ body }: Response): Promise<string> {
  let text = "";
  const utf8 = new TextDecoder();
  const reader = body?.getReader();
  try {
    for (let chunk = await reader?.read(); chunk?.value !== undefined; chunk = await reader?.read()) {
      text += utf8.decode(chunk.value, { stream: true });
      if (text.length > maxProblemChars) break;
    }
  } catch {
    // What is there may do.
  }
  reader?.cancel().catch(ignore);
  return text;
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
