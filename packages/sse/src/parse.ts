/**
 * Bytes -> events. Called by `client` with each chunk of a response body; one parser per response.
 *
 * Splitting lines and fields is eventsource-parser's work. Here are the decoding, the last event ID as the standard
 * keeps it, and the limits.
 *
 * @see https://html.spec.whatwg.org/multipage/server-sent-events.html#event-stream-interpretation
 */
import { createParser } from "eventsource-parser";
import { ParseError } from "./errors.ts";
import { maxTimerMs } from "./limits.ts";

/** An event as it is dispatched. */
export interface IncomingEvent {
  /** Event name; `"message"` where the stream named none. */
  event: string;
  /** The `data:` lines, joined by LF. */
  data: string;
  /** Last event ID at this event: its own, or the one that was current before. Empty if there is none. */
  lastEventId: string;
}

export interface EventParserOptions {
  /**
   * Called for each complete event, in order.
   *
   * @param ownId - The ID its own block stated; `undefined` where `lastEventId` is inherited.
   * @param ownName - The name its own block stated; `undefined` where it stated none, or an empty one.
   */
  onEvent: (event: IncomingEvent, ownId: string | undefined, ownName: string | undefined) => void;
  /** Called for each valid `retry:` line as soon as it is complete, in milliseconds, at most 2^31-1. */
  onRetry?: (retryMs: number) => void;
  /** Called for each comment line, without its colon and one space. */
  onComment?: (text: string) => void;
  /**
   * Last event ID before the first byte: that of the response before this one.
   *
   * @defaultValue ""
   */
  lastEventId?: string;
  /**
   * Most characters (UTF-16 units) an event's data may have. Beyond it, `push` throws {@link ParseError}
   * `"event-too-large"`. Other lines of a block have 16,384 characters of room on top.
   *
   * @defaultValue unlimited: a stream without a line end is then held in memory as it grows
   */
  maxEventChars?: number;
}

export interface EventParser {
  /**
   * Takes the next bytes, cut anywhere.
   *
   * @throws {ParseError} "event-too-large": events before it have been handed out. The parser stays unusable and
   *   throws the same error again; go on with a new one.
   */
  push(bytes: Uint8Array): void;
  /** Last event ID after the last complete block; a block that only states an ID counts. */
  readonly lastEventId: string;
}

/** Room for the field names, and for an ID or a name beside data that is itself at the limit. */
const fieldRoomChars = 16_384;

const byteOrderMark = "\uFEFF";

/** @throws {TypeError} If `maxEventChars` is not a positive number. */
export function createEventParser(options: EventParserOptions): EventParser {
  const { onEvent, onRetry, onComment, maxEventChars = Infinity } = options;
  if (!(maxEventChars > 0)) throw new TypeError("Not a positive limit");

  let lastEventId = options.lastEventId ?? "";
  // Why the parser takes no more bytes. Thrown out of the line parser's callbacks, so that nothing follows it.
  let failure: ParseError | undefined;

  const fail = (cause?: unknown): never => {
    failure = new ParseError("event-too-large", `An event is over ${maxEventChars} characters`, { cause });
    throw failure;
  };

  const lines = createParser({
    onId(id) {
      lastEventId = id;
    },
    onEvent({ event, data, id }) {
      if (data.length > maxEventChars) fail();
      onEvent({ event: event ?? "message", data, lastEventId }, id, event);
    },
    onRetry(retryMs) {
      onRetry?.(Math.min(retryMs, maxTimerMs));
    },
    onComment,
    onError(error) {
      if (error.type === "max-buffer-size-exceeded") fail(error);
    },
    maxBufferSize: maxEventChars + fieldRoomChars,
  });

  // The line parser drops one BOM, and is given one where there is none: it would also take the three characters that
  // a BOM's bytes are in Latin-1 for one. The decoder drops none: Node's drops two when the first is split over chunks.
  const utf8 = new TextDecoder("utf-8", { ignoreBOM: true });
  let atStart = true;

  return {
    push(bytes) {
      if (failure !== undefined) throw failure;
      const text = utf8.decode(bytes, { stream: true });
      const lacksMark = atStart && text !== "" && !text.startsWith(byteOrderMark);
      if (text !== "") atStart = false;
      lines.feed(lacksMark ? byteOrderMark + text : text);
    },
    get lastEventId() {
      return lastEventId;
    },
  };
}
