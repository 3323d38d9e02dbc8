/** What the codec refuses. Thrown by encode.ts and parse.ts; carried on by `client` and `server`. */

/** Why something cannot be written to an event stream; see {@link EncodeError}. */
export type EncodeErrorCode = "invalid-id" | "invalid-event" | "invalid-comment" | "invalid-retry";

/**
 * A value that would change its meaning, or inject a field, on the wire. Nothing was encoded.
 *
 * - `"invalid-id"`: the event ID holds CR, LF, NUL or half a surrogate pair.
 * - `"invalid-event"`: the event name is empty, or holds CR, LF, NUL or half a surrogate pair.
 * - `"invalid-comment"`: the comment holds CR or LF.
 * - `"invalid-retry"`: the reconnection time is not a whole number from 0 to 2^31-1.
 */
export class EncodeError extends Error {
  readonly code: EncodeErrorCode;

  constructor(code: EncodeErrorCode, message: string) {
    super(message);
    this.name = "EncodeError";
    this.code = code;
  }
}

/** Why an event stream is not read further; see {@link ParseError}. */
export type ParseErrorCode = "event-too-large";

/**
 * The parser gave up; it takes no more bytes. Events before the fault have been handed out.
 *
 * - `"event-too-large"`: an event, or a line without an end, is over the limit `maxEventChars`.
 */
export class ParseError extends Error {
  readonly code: ParseErrorCode;

  constructor(code: ParseErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = "ParseError";
    this.code = code;
  }
}
