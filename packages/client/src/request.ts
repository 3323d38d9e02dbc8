/** The caller's options -> what is sent. Asked by attempt.ts anew for each attempt. */
import { EventStreamError } from "./errors.ts";

/** Whatever can be sent a second time: anything that `fetch` takes but a stream. */
export type RepeatableBody = Exclude<BodyInit, ReadableStream>;

export interface RequestOptions {
  /**
   * Each attempt repeats the request as it is. Where repeating it would do something twice (a POST that was lost before
   * its first event ID came), give it an `Idempotency-Key` header, or a body that the server knows again.
   *
   * @defaultValue "GET"
   */
  method?: string;
  /**
   * Request headers; a function is asked again at each attempt, so that a token can be fresh. `Accept` is
   * `text/event-stream` unless it is given. `Last-Event-ID` is this library's: use the option `lastEventId`.
   */
  headers?: HeadersInit | (() => HeadersInit | Promise<HeadersInit>);
  /** Request body; a function is asked again at each attempt. A stream is refused: it could not be sent again. */
  body?: RepeatableBody | null | (() => RepeatableBody | null | Promise<RepeatableBody | null>);
  /** Anything else that `fetch` takes: `credentials`, `mode`, `redirect`, … @defaultValue `{ cache: "no-store" }` */
  request?: Omit<RequestInit, "method" | "headers" | "body" | "signal">;
}

/**
 * @throws {EventStreamError} "invalid-request", "invalid-id"; "request-failed" if a function of the caller failed.
 */
export async function buildRequest(options: RequestOptions, lastEventId: string): Promise<RequestInit> {
  const [headersInit, body] = await askCaller(options);
  checkBody(body);
  const headers = toHeaders(headersInit);
  if (!headers.has("Accept")) headers.set("Accept", "text/event-stream");
  headers.delete("Last-Event-ID");
  if (lastEventId !== "") headers.set("Last-Event-ID", encodeEventId(lastEventId));
  const { method = "GET" } = options;
  return { cache: "no-store", ...options.request, method, headers, ...(body !== undefined && { body }) };
}

/** @throws {EventStreamError} "invalid-request": a stream, which could be sent only once. */
export function checkBody(body: unknown): void {
  if (body instanceof ReadableStream) {
    throw new EventStreamError("invalid-request");
  }
}

async function askCaller({
  headers,
  body,
}: RequestOptions): Promise<[HeadersInit | undefined, BodyInit | null | undefined]> {
  try {
    return [
      typeof headers === "function" ? await headers() : headers,
      typeof body === "function" ? await body() : body,
    ];
  } catch (error) {
    throw new EventStreamError("request-failed", { cause: error });
  }
}

function toHeaders(init: HeadersInit | undefined): Headers {
  try {
    return new Headers(init);
  } catch (error) {
    throw new EventStreamError("invalid-request", { cause: error });
  }
}

/**
 * The standard sends the ID's UTF-8 bytes; `fetch` takes header bytes as one character each.
 *
 * @throws {EventStreamError} "invalid-id".
 */
function encodeEventId(id: string): string {
  const bytes = String.fromCharCode(...new TextEncoder().encode(id));
  if (/[^\t\x20-\x7E\x80-\xFF]/.test(bytes)) throw new EventStreamError("invalid-id");
  return bytes;
}
