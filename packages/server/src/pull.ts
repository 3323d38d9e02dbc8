/** What one connection gets at a time: the blocks of as many records as fit. Shared by the feeds. */
import type { LogRecord, Position } from "@typebar/log";
import { encodeEvent, type OutgoingEvent } from "@typebar/sse";
import { createPacket, emptyPacket, type Packet } from "./packet.ts";

/** Where a connection gets its bytes. `P` is where a reader stands: in one log, or in several. */
export interface Feed<P = Position> {
  /**
   * What comes after a position, about `maxBytes` of it. Answers at once where it can. After the record that ends the log
   * there is nothing, for ever. Rejects when the log cannot be read, throws or rejects when a record cannot be encoded.
   */
  pull(after: P, maxBytes: number): Pull<P> | Promise<Pull<P>>;
  /** Calls `listener` when there may be more to pull than there was now. Returns the way to end it. */
  watch(listener: () => void): () => void;
}

/**
 * - `packet`: what to write next, and the position after it. An empty one where the records between mean nothing to the reader,
 *   or, if the position is the very one that was asked for, at the end of the log. All that stand at one place get the same object.
 * - `expired`, `diverged`: see `ReadResult` of the log.
 */
export type Pull<P = Position> = PacketPull<P> | { type: "expired" } | { type: "diverged" };

export interface PacketPull<P = Position> {
  type: "packet";
  packet: Packet;
  position: P;
  /** Nothing comes after it. */
  end: boolean;
}

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
): PacketPull {
  const blocks: Uint8Array[] = [];
  let filledBytes = 0;
  let position = after;
  let ended = false;
  for (const { record, bytes, end } of encodedRecords) {
    if (bytes.length > 0) blocks.push(bytes);
    filledBytes += bytes.length;
    position = positionOf(record);
    ended = end;
    if (end || filledBytes >= maxBytes) break;
  }
  const packet = blocks.length > 0 ? createPacket(blocks, blocks.length) : emptyPacket;
  return { type: "packet", packet, position, end: ended };
}

export function positionOf(record: LogRecord): Position {
  return { epoch: record.epoch, seq: record.seq };
}
