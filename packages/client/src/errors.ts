/** Why a connection failed. Made by request.ts, response.ts, attempt.ts and policy.ts; thrown to the consumer by stream-core.ts. */

/** Ends the stream; see {@link EventStreamError}. */
export type FinalErrorCode =
  | "invalid-request"
  | "invalid-id"
  | "rejected"
  | "wrong-content-type"
  | "event-too-large"
  | "attempts-exhausted"
  | "timed-out";

const passingErrorCodes = ["ended", "network", "silence", "unavailable", "request-failed", "suspended"] as const;

/** The stream goes on by itself after a pause; see {@link EventStreamError}. */
export type PassingErrorCode = (typeof passingErrorCodes)[number];

export type EventStreamErrorCode = FinalErrorCode | PassingErrorCode;

/**
 * Final: thrown once to whoever iterates, and kept in the `closed` state.
 *
 * - `"invalid-request"`: the URL, a header or the body cannot be sent, now or again.
 * - `"invalid-id"`: the last event ID holds a control character, which no HTTP header can carry.
 * - `"rejected"`: the server answered with a status that asking again does not change; see `status` and `problem`.
 * - `"wrong-content-type"`: the answer is not `text/event-stream`.
 * - `"event-too-large"`: an event is over `maxEventChars`.
 * - `"attempts-exhausted"`: `maxAttempts` were made in a row; `cause` is the last loss.
 * - `"timed-out"`: `totalMs` went by; `cause` is the loss that was being waited out, if any.
 *
 * Passing: never thrown, only shown in the `waiting` state.
 *
 * - `"ended"`: the server ended the response and nobody closed the stream.
 * - `"network"`: the request failed or the response was cut; see `cause`.
 * - `"silence"`: no byte came for `silenceMs`.
 * - `"unavailable"`: the server answered 408, 425, 429 or 5xx; see `status` and `problem`.
 * - `"request-failed"`: the caller's own `headers` or `body` function failed; see `cause`.
 * - `"suspended"`: the page was frozen or kept for the back button; the next attempt comes when it is back.
 */
export class EventStreamError extends Error {
  readonly code: EventStreamErrorCode;
  /** HTTP status, where the server answered. */
  readonly status: number | undefined;
  /** Body of an error answer that was a JSON object, as in RFC 9457; not validated. */
  readonly problem: Readonly<Record<string, unknown>> | undefined;

  /** What `Retry-After` asked for, in milliseconds from the answer. */
  readonly retryAfterMs: number | undefined;

  constructor(code: EventStreamErrorCode, details: EventStreamErrorDetails = {}) {
    const { status, problem, retryAfterMs } = details;
    super(`Event stream: ${code}${status === undefined ? "" : `, HTTP status ${status}`}`, details);
    this.name = "EventStreamError";
    this.code = code;
    this.status = status;
    this.problem = problem;
    this.retryAfterMs = retryAfterMs;
  }
}

export interface EventStreamErrorDetails {
  cause?: unknown;
  status?: number | undefined;
  problem?: Readonly<Record<string, unknown>> | undefined;
  retryAfterMs?: number | undefined;
}

/** Whether the stream goes on by itself after this; anything foreign (thrown by a callback) ends it. */
export function isPassing(error: unknown): error is EventStreamError {
  return error instanceof EventStreamError && (passingErrorCodes as readonly string[]).includes(error.code);
}
