/** The call shape of `@microsoft/fetch-event-source` 2 over stream-core.ts: callbacks, and a promise of the end. */
import type { IncomingEvent } from "@typebar/sse";
import { drain } from "./drain.ts";
import { EventStreamError, isPassing } from "./errors.ts";
import type { OwnFields } from "./inbox.ts";
import { toSettings } from "./options.ts";
import type { EventStreamOptions } from "./options.ts";
import { throwIfExhausted } from "./policy.ts";
import type { StreamPolicy } from "./policy.ts";
import type { RequestOptions } from "./request.ts";
import { judgeResponse } from "./response.ts";
import { createStreamCore } from "./stream-core.ts";

export const EventStreamContentType = "text/event-stream";

/** An event as its own block stated it; what it did not state is empty. */
export interface EventSourceMessage {
  id: string;
  event: string;
  data: string;
  retry?: number | undefined;
}

const limitNames = ["backoff", "maxAttempts", "totalMs", "maxEventChars", "healthyMs", "silenceMs", "clock"] as const;

/** What `fetch` takes beside what is taken apart here. */
const fieldNames = [
  "cache",
  "credentials",
  "integrity",
  "keepalive",
  "mode",
  "priority",
  "redirect",
  "referrer",
  "referrerPolicy",
] as const;

type Limits = Pick<EventStreamOptions, (typeof limitNames)[number]>;

/** Also takes the limits of openEventStream, with its defaults. */
export interface FetchEventSourceInit extends Omit<RequestInit, "headers" | "body">, RequestOptions, Limits {
  method?: string;
  /** Aborting it resolves the promise. */
  signal?: AbortSignal | null;
  /**
   * Called with each response before it is judged. What it throws goes to `onerror`. Where it is given and returns, any
   * content type is read, as it has looked at it.
   */
  onopen?(response: Response): void | Promise<void>;
  /** Called for each event that has data. Where it returns a promise, the next event waits for it. */
  onmessage?(message: EventSourceMessage): void | Promise<void>;
  /** Called when the server ended the response; then the promise resolves. To reconnect instead, throw here. */
  onclose?(): void;
  /**
   * Called for each loss, with an {@link EventStreamError} or with what another callback threw. A number is the pause
   * before the next attempt, in milliseconds; nothing leaves it to the backoff, or rejects the promise where asking
   * again is no use; what it throws rejects the promise.
   */
  onerror?(error: Error): number | null | undefined | void;
  /** `false` closes the connection while the page is hidden, and repeats the request when it is back. @defaultValue true */
  openWhenHidden?: boolean;
  /** @defaultValue Infinity: servers of this call shape often send nothing for long */
  silenceMs?: number;
  /** @defaultValue globalThis.fetch */
  fetch?: typeof fetch;
}

interface MessageEvent extends IncomingEvent {
  message: EventSourceMessage;
}

/**
 * Resolves when the server ended the response, when it said 204, or when `signal` was aborted.
 * Rejects with what `onerror` threw, or an {@link EventStreamError} that `onerror` did not turn into a pause.
 */
export async function fetchEventSource(input: RequestInfo | URL, init: FetchEventSourceInit = {}): Promise<void> {
  const { onmessage } = init;
  const settings = toSettings(input instanceof Request ? input.url : input, toOptions(input, init));
  const core = createStreamCore(settings, createPolicy(init), toEvent);
  for (;;) {
    try {
      await drain(core, (event) => onmessage?.((event as MessageEvent).message));
      return;
    } catch (error) {
      if (init.signal?.aborted) return;
      if (core.state.name === "closed") throw error;
      core.fail(error);
    }
  }
}

function createPolicy({
  onopen,
  onclose,
  onerror,
  openWhenHidden,
  maxAttempts = Infinity,
}: FetchEventSourceInit): StreamPolicy {
  return {
    async judge(response) {
      await onopen?.(response);
      const { status, ok, headers } = response;
      if (status === 204) throw new EventStreamError("ended");
      // Any success will do: a POST may well be answered with 201.
      const verdict = judgeResponse(ok ? 200 : status, headers.get("Content-Type"));
      return verdict === "wrong-content-type" && onopen !== undefined ? "open" : verdict;
    },
    afterLoss(error, failures, delayMs) {
      let reason = error;
      if (error instanceof EventStreamError && error.code === "ended") {
        try {
          onclose?.();
          return undefined;
        } catch (thrown) {
          reason = thrown;
        }
      }
      const asked = onerror?.(reason as Error);
      throwIfExhausted(reason, failures, maxAttempts);
      if (typeof asked === "number") return asked;
      if (reason instanceof EventStreamError && !isPassing(reason)) throw reason;
      return delayMs;
    },
    suspendWhen: openWhenHidden === false ? "hidden" : "never",
  };
}

function toEvent(event: IncomingEvent, { id = "", name = "", retryMs }: OwnFields): MessageEvent {
  return { ...event, message: { id, event: name, data: event.data, retry: retryMs } };
}

function toOptions(input: RequestInfo | URL, init: FetchEventSourceInit): EventStreamOptions {
  const given = input instanceof Request ? input : undefined;
  const { fetch = globalThis.fetch } = init;
  const headers = init.headers ?? given?.headers ?? {};
  return {
    silenceMs: Infinity,
    ...pick(init, limitNames),
    ...pick(init, ["body", "fetch"]),
    method: init.method ?? given?.method ?? "GET",
    headers,
    request: { ...pick(init, fieldNames), ...init.request },
    lastEventId: typeof headers === "function" ? "" : (new Headers(headers).get("Last-Event-ID") ?? ""),
    suppressDuplicates: false,
    ...(init.signal && { signal: init.signal }),
    // A request that was sent cannot be sent again, its copy can.
    ...(given && { fetch: (_, sent) => fetch(given.clone(), sent) }),
  };
}

function pick<T extends object, K extends keyof T>(from: T, names: readonly K[]): Pick<T, K> {
  return Object.fromEntries(names.flatMap((name) => (from[name] === undefined ? [] : [[name, from[name]]]))) as Pick<
    T,
    K
  >;
}
