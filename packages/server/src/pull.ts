/** What one connection gets at a time: the blocks of as many records as fit. Shared by the feeds. */
import type { LogRecord, Position } from "@typebar/log";
import { encodeEvent, type OutgoingEvent } from "@typebar/sse";

/** What the records of a log mean: passed in by whoever knows. */
export interface RecordFormat {
  /** Called once per record of the tail, however many connections follow. `undefined`: the record means nothing to the reader. */
  toEvent(record: LogRecord): RecordEvent | undefined;
  /** Joins neighbouring records for a reader that is behind; each result stands under the last joined one's position. */
  merge(records: readonly LogRecord[]): LogRecord[];
}

/** One record as an event. */
export interface RecordEvent extends OutgoingEvent {
  /** Nothing comes after it: the connection that has written it ends cleanly. */
  end: boolean;
}

/** One record as it goes onto the wire. */
export interface EncodedRecord {
  /** Empty where the record is passed over. */
  bytes: Uint8Array;
  end: boolean;
}

/**
 * - `blocks`: what to write next and the position after it. No blocks where the records between mean nothing to the reader, or, if the
 *   position is still the one that was asked for, at the end of the log.
 * - `expired`, `diverged`: see `ReadResult` of the log.
 */
export type Pull =
  | { type: "blocks"; blocks: readonly Uint8Array[]; position: Position; end: boolean }
  | { type: "expired" }
  | { type: "diverged" };

const nothing = new Uint8Array(0);

/** @throws {EncodeError} if the format made an event that cannot be one. */
export function encodeRecord(format: RecordFormat, record: LogRecord): EncodedRecord {
  const recordEvent = format.toEvent(record);
  if (!recordEvent) return { bytes: nothing, end: false };
  const { end, ...event } = recordEvent;
  return { bytes: encodeEvent(event), end };
}

/** Takes encoded records until about `maxBytes` are together (at least one if there is one), or the one that ends it all. */
export function fill(
  encodedRecords: Iterable<EncodedRecord & { record: LogRecord }>,
  after: Position,
  maxBytes: number,
): Pull {
  const blocks: Uint8Array[] = [];
  let filledBytes = 0;
  let position = after;
  for (const { record, bytes, end } of encodedRecords) {
    if (bytes.length > 0) blocks.push(bytes);
    filledBytes += bytes.length;
    position = positionOf(record);
    if (end) return { type: "blocks", blocks, position, end };
    if (filledBytes >= maxBytes) break;
  }
  return { type: "blocks", blocks, position, end: false };
}

export function positionOf(record: LogRecord): Position {
  return { epoch: record.epoch, seq: record.seq };
}
