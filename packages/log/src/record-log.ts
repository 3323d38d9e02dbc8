/** The record log: what every driver does. Written to by chat/generation, read through follow.ts. */
import type { SharedStore } from "./shared-store.ts";

/** Where a reader is: after the record `seq` that was written under `epoch`. `seq` 0 is before the first record. */
export interface Position {
  epoch: number;
  seq: number;
}

/** The position before the first record of any log. */
export const start: Position = Object.freeze({ epoch: 0, seq: 0 });

/** One appended payload. */
export interface LogRecord {
  /** Number in its log, contiguous from 1. */
  seq: number;
  /** Fencing number of the writer that stored it. */
  epoch: number;
  /** Opaque text of well-formed Unicode. */
  payload: string;
}

/** How much one `read` may return. At least one record is returned if there is one. */
export interface ReadLimit {
  count: number;
  /** Counted in UTF-16 units of payload. */
  chars: number;
}

/**
 * - `records`: those after the position, oldest first; empty at the end of the log.
 * - `expired`: records after the position have been trimmed.
 * - `diverged`: the position is not of this log: it is beyond the end, or was written under another epoch.
 */
export type ReadResult = { type: "records"; records: LogRecord[] } | { type: "expired" } | { type: "diverged" };

/** The state of a log that exists. */
export interface LogHead {
  /** The current fencing number: what the next record will carry. */
  epoch: number;
  /** Of the last record; 0 when there is none. */
  seq: number;
  /** The oldest record still held is `trimmedSeq + 1`. */
  trimmedSeq: number;
  /** A stop was requested and not yet carried out. */
  stop: boolean;
}

export interface AppendResult {
  /** Of the last record appended. */
  position: Position;
  /** A stop was requested: the owner should end its work. */
  stop: boolean;
}

/** The right to write a log. */
export interface Lease {
  logId: string;
  /** Grows with each acquisition; pass it to `append`. */
  epoch: number;
  /** Of the last record at the time of acquisition: pass it to the first `append`. */
  seq: number;
  /** Any name for the process that holds it; for people who look. */
  holder: string;
  ttlMs: number;
  /** A stop was requested before the lease was taken. */
  stop: boolean;
}

/** What is kept when a log is trimmed; each absent bound is no bound. */
export interface Retention {
  count?: number;
  /** Counted in UTF-8 bytes of payload. */
  bytes?: number;
  ageMs?: number;
}

/** Why a watcher is woken. Only a hint: the truth is read from the log. */
export type WakeUp = "append" | "stop" | "remove";

/** An append-only log per ID. One contract test (`testRecordLog`) runs over every driver. */
export interface RecordLog extends AsyncDisposable {
  /**
   * Only of a store that ends with its process: its clock when it was opened, in milliseconds. Whoever waited for the first record
   * of a log there, and comes back to a later one, may have missed some that nobody knows of any more.
   */
  readonly openedAtMs?: number;

  /** Only of a store that several processes use at once: what they keep there together, besides logs. */
  readonly shared?: SharedStore;

  /**
   * Appends all payloads or none. They are durable before the promise settles and before anybody is told.
   *
   * @param expected the lease's epoch and the seq of the last record; or `"any"` for logs that have no lease and many writers.
   * @throws {LogError} "fenced": another epoch writes now, or `seq` is not the last. "unavailable": it was not stored, or the store was lost
   *   before it said so; try again later. The same payloads at the same place, whatever follows them, are then never stored twice; with
   *   `"any"` they may be.
   */
  append(logId: string, expected: Position | "any", payloads: readonly string[]): Promise<AppendResult>;

  /**
   * Reads the page after a position. A log that does not exist is empty.
   *
   * @throws {LogError} "unavailable".
   */
  read(logId: string, after: Position, limit: ReadLimit): Promise<ReadResult>;

  /** The log's state, or `undefined` if it does not exist (any more). */
  head(logId: string): Promise<LogHead | undefined>;

  /** Calls `listener` soon after each append, each requested stop and the log's removal. Wake-ups may be merged or lost. Returns the way to end it. */
  watch(logId: string, listener: (wakeUp: WakeUp) => void): () => void;

  /** Takes the lease, with a new epoch, if nobody holds it or its deadline has passed; else `undefined`. Creates the log. */
  acquire(logId: string, options: { holder: string; ttlMs: number }): Promise<Lease | undefined>;

  /**
   * Moves the deadline to `ttlMs` from now, by the store's clock. An append does the same.
   *
   * @throws {LogError} "fenced": another epoch holds it now.
   */
  renew(lease: Lease): Promise<{ stop: boolean }>;

  /** Gives the lease up, so that another may take it at once. Does nothing if it is no longer held. */
  release(lease: Lease): Promise<void>;

  /** Sets the stop flag, which is kept until the log expires, and wakes the owner. Does nothing to a log that does not exist. */
  requestStop(logId: string): Promise<void>;

  /** Forgets the oldest records beyond the bounds; the last record is always kept. */
  trim(logId: string, retention: Retention): Promise<void>;

  /** Removes the log after `ttlMs`; at once with 0. One made under its name after the time, and before it was swept away, has a greater epoch. */
  expire(logId: string, ttlMs: number): Promise<void>;
}

export type LogErrorCode =
  /** Another writer holds the log now, or the expected seq is not the last. */
  | "fenced"
  /** The store refused, and nothing was stored; or it did not answer in time. */
  | "unavailable"
  /** Another process uses the store. */
  | "locked"
  /** The store's file is not one of ours, or is broken; nothing was changed. */
  | "damaged"
  /** The store's place cannot be written to. */
  | "unwritable"
  /** The store is of a kind that the driver cannot work with. Only as the cause of another. */
  | "unsupported";

export class LogError extends Error {
  readonly code: LogErrorCode;

  constructor(code: LogErrorCode, message: string, options?: { cause: unknown }) {
    super(message, options);
    this.name = "LogError";
    this.code = code;
  }
}
