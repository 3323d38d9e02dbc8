/**
 * Bytes -> events. Called by `client` with each chunk of a response body; one parser per response.
 *
 * Every event of every client comes this way: a line is found by its end and told by its first characters, and the two
 * fields that make up nearly all lines are cut straight out of the text.
 *
 * @see https://html.spec.whatwg.org/multipage/server-sent-events.html#event-stream-interpretation
 */
import { createLineDecoder } from "./decode.ts";
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

const lineFeed = 0x0a;
const space = 0x20;

/** What the lines of a block have stated so far. */
interface Block {
  data?: string | undefined;
  id?: string | undefined;
  name?: string | undefined;
}

/** @throws {TypeError} If `maxEventChars` is not a positive number. */
export function createEventParser(options: EventParserOptions): EventParser {
  const { onEvent, onRetry, onComment, maxEventChars = Infinity } = options;
  if (!(maxEventChars > 0)) throw new TypeError("Not a positive limit");

  const decode = createLineDecoder();
  let lastEventId = options.lastEventId ?? "";
  // Why the parser takes no more bytes.
  let failure: ParseError | undefined;
  // The block and the line that the chunks until now have left open. Engines join the pieces of a text when it is
  // looked into, which is once, at the line's end: a line in many chunks costs no more than in one.
  let block: Block = {};
  let line = "";

  function fail(): never {
    failure = new ParseError("event-too-large", `An event is over ${maxEventChars} characters`);
    throw failure;
  }

  /** The same wherever the bytes are cut, as a line without an end is measured like one that has it. */
  function checkSize(data: string | undefined, lineChars: number): void {
    if (lineChars + (data === undefined ? 0 : data.length) > maxEventChars + fieldRoomChars) fail();
  }

  /** Reads a text that begins where a line begins, to its last line end. */
  function readLines(text: string): void {
    const mayHoldNul = text.includes("\0");
    // Plain variables: storing each line into something that lives longer would cost a quarter more.
    let { data, id, name } = block;
    let start = 0;
    for (;;) {
      if (text.charCodeAt(start) === lineFeed) {
        if (id !== undefined) lastEventId = id;
        if (data !== undefined) {
          if (data.length > maxEventChars) fail();
          onEvent({ event: name ?? "message", data, lastEventId }, id, name);
        }
        data = id = name = undefined;
        start += 1;
        continue;
      }
      const end = text.indexOf("\n", start);
      if (end < 0) break;
      checkSize(data, end - start);
      if (isData(text, start)) data = join(data, text.slice(afterColon(text, start + 5), end));
      else if (isId(text, start) && !mayHoldNul) id = text.slice(afterColon(text, start + 3), end);
      else ({ data, id, name } = addField({ data, id, name }, text.slice(start, end)));
      start = end + 1;
    }
    block = { data, id, name };
    line = text.slice(start);
  }

  /** Any field, also one that is unknown. */
  function addField(open: Block, text: string): Block {
    const colon = text.indexOf(":");
    const field = colon < 0 ? text : text.slice(0, colon);
    const value = colon < 0 ? "" : text.slice(afterColon(text, colon + 1));
    if (field === "data") return { ...open, data: join(open.data, value) };
    if (field === "event") return { ...open, name: value || undefined };
    if (field === "id" && !value.includes("\0")) return { ...open, id: value };
    if (field === "retry" && /^\d+$/.test(value)) onRetry?.(Math.min(Number(value), maxTimerMs));
    if (field === "") onComment?.(value);
    return open;
  }

  return {
    push(bytes) {
      if (failure !== undefined) throw failure;
      const text = decode(bytes);
      if (text.includes("\n")) readLines(line === "" ? text : [line, text].join(""));
      else line += text;
      checkSize(block.data, line.length);
    },
    get lastEventId() {
      return lastEventId;
    },
  };
}

function join(data: string | undefined, more: string): string {
  return data === undefined ? more : `${data}\n${more}`;
}

/** Where a value begins: one space after the colon is not part of it. */
function afterColon(text: string, at: number): number {
  return text.charCodeAt(at) === space ? at + 1 : at;
}

/** `text.startsWith("data:", start)`, in a fraction of its time. */
function isData(text: string, start: number): boolean {
  return (
    text.charCodeAt(start) === 0x64 &&
    text.charCodeAt(start + 1) === 0x61 &&
    text.charCodeAt(start + 2) === 0x74 &&
    text.charCodeAt(start + 3) === 0x61 &&
    text.charCodeAt(start + 4) === 0x3a
  );
}

/** `text.startsWith("id:", start)`. */
function isId(text: string, start: number): boolean {
  return text.charCodeAt(start) === 0x69 && text.charCodeAt(start + 1) === 0x64 && text.charCodeAt(start + 2) === 0x3a;
}
