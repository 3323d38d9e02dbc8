/**
 * Event -> block of bytes. Called by `server` once per record, however many connections follow.
 *
 * A block is `event:`, then `data:`, then `id:` as its last line, then the blank line: clients that remember an ID
 * when they read its line, not when the event is complete, would otherwise skip an event whose block was cut.
 *
 * @see https://html.spec.whatwg.org/multipage/server-sent-events.html#parsing-an-event-stream
 * @see PROTOCOL.md
 */
import { EncodeError } from "./errors.ts";
import { maxTimerMs } from "./limits.ts";

/** One event to be written. */
export interface OutgoingEvent {
  /**
   * Any text. CR, LF and CRLF are line breaks, and arrive as LF. Half a surrogate pair has no UTF-8 form and arrives
   * as U+FFFD (JSON never holds one: `JSON.stringify` escapes it).
   */
  data: string;
  /** Event name. @defaultValue "message", which is not written out: it is what a reader assumes */
  event?: string;
  /** Event ID. The empty string is written, and makes the reader forget its last event ID. */
  id?: string;
}

const utf8 = new TextEncoder();
const lineBreak = /\r\n|\r|\n/g;

/**
 * The block of one event as UTF-8.
 *
 * @throws {EncodeError} "invalid-id", "invalid-event".
 */
export function encodeEvent(event: OutgoingEvent): Uint8Array<ArrayBuffer> {
  return utf8.encode(encodeEventText(event));
}

/**
 * The block of one event as text, for those who join several blocks before they encode.
 *
 * @throws {EncodeError} "invalid-id", "invalid-event".
 */
export function encodeEventText(event: OutgoingEvent): string {
  let block = "";
  if (event.event !== undefined && event.event !== "message") {
    if (event.event === "") throw new EncodeError("invalid-event", "An event name must not be empty");
    if (!fitsField(event.event)) {
      throw new EncodeError("invalid-event", "An event name must not hold CR, LF, NUL or half a surrogate pair");
    }
    block = `event: ${event.event}\n`;
  }
  block += `data: ${toDataLines(event.data)}\n`;
  if (event.id !== undefined) {
    if (!fitsField(event.id)) {
      throw new EncodeError("invalid-id", "An event ID must not hold CR, LF, NUL or half a surrogate pair");
    }
    block += `id: ${event.id}\n`;
  }
  return `${block}\n`;
}

/**
 * One comment line, without a blank line of its own: some clients hand their page an empty message for every blank
 * line. The empty text gives the shortest heartbeat, two bytes.
 *
 * @throws {EncodeError} "invalid-comment".
 */
export function encodeComment(text: string): Uint8Array<ArrayBuffer> {
  if (hasLineBreak(text)) throw new EncodeError("invalid-comment", "A comment must not hold CR or LF");
  return utf8.encode(text === "" ? ":\n" : `: ${text}\n`);
}

/**
 * One `retry:` line, without a blank line of its own: it takes effect as soon as it is read.
 *
 * @param retryMs - Reconnection time in milliseconds. 0 asks the client to come back at once.
 * @throws {EncodeError} "invalid-retry".
 */
export function encodeRetry(retryMs: number): Uint8Array<ArrayBuffer> {
  if (!Number.isInteger(retryMs) || retryMs < 0 || retryMs > maxTimerMs) {
    throw new EncodeError("invalid-retry", `A reconnection time must be a whole number from 0 to ${maxTimerMs}`);
  }
  return utf8.encode(`retry: ${retryMs}\n`);
}

function toDataLines(data: string): string {
  return hasLineBreak(data) ? data.replace(lineBreak, "\ndata: ") : data;
}

function hasLineBreak(text: string): boolean {
  return text.includes("\n") || text.includes("\r");
}

function fitsField(value: string): boolean {
  return !hasLineBreak(value) && !value.includes("\0") && value.isWellFormed();
}
