/** What an HTTP answer means for the stream. Asked by attempt.ts when the head of a response is there. */
import { EventStreamError } from "./errors.ts";

export type Verdict = "open" | "over" | "unavailable" | "rejected" | "wrong-content-type";

/** @see https://html.spec.whatwg.org/multipage/server-sent-events.html#sse-processing-model */
export function judgeResponse(status: number, contentType: string | null): Verdict {
  if (status === 204) return "over";
  // Not now, or not in time: worth asking again.
  if (status === 408 || status === 425 || status === 429 || status >= 500) return "unavailable";
  if (status !== 200) return "rejected";
  return /^\s*text\/event-stream\s*(?:;|$)/i.test(contentType ?? "") ? "open" : "wrong-content-type";
}

/**
 * `Retry-After` in milliseconds from now: a number of seconds or an HTTP date; 0 if that is in the past.
 *
 * @returns `undefined` if the header is absent or neither.
 * @see https://www.rfc-editor.org/rfc/rfc9110#field.retry-after
 */
export function parseRetryAfter(value: string | null, nowMs: number): number | undefined {
  const seconds = Number(value ?? Number.NaN);
  const delayMs = Number.isNaN(seconds) ? Date.parse(value ?? "") - nowMs : seconds * 1000;
  return Number.isNaN(delayMs) ? undefined : Math.max(0, delayMs);
}

/** The error that an answer amounts to. Reads its body, where it says that it is JSON. */
export async function toError(
  code: Exclude<Verdict, "open" | "over">,
  response: Response,
  nowMs: number,
): Promise<EventStreamError> {
  const { status, headers } = response;
  // Cut, or not what it says: then the status alone says what to do.
  const body: unknown =
    /[/+]json\b/i.test(headers.get("Content-Type") ?? "") && (await response.json().catch(() => {}));
  return new EventStreamError(code, {
    status,
    problem: isRecord(body) ? body : undefined,
    retryAfterMs: parseRetryAfter(headers.get("Retry-After"), nowMs),
  });
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return value instanceof Object && !Array.isArray(value);
}
