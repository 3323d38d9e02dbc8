/** What is known of each log without asking SQLite: the file is locked by this process, so nobody else changes it. */
import type { DatabaseSync } from "node:sqlite";
import type { LogRecord } from "../../record-log.ts";

/** A record that stands in the journal and is not in a segment yet. */
export interface JournalRecord extends LogRecord {
  atMs: number;
}

export interface Head {
  readonly logId: string;
  /** Row number in `logs`. */
  readonly num: number;
  epoch: number;
  lastSeq: number;
  trimmedSeq: number;
  trimmedEpoch: number;
  stop: boolean;
  expiresAtMs: number;
  /** Leases live in memory only: a dead process holds none, and the file's lock says that it is dead. */
  leaseDeadlineMs: number;
  /** 0 while nobody holds the lease: then an append renews nothing. */
  leaseTtlMs: number;
  /** The newest records, up to `lastSeq`: stored in the journal, and kept here because the journal is not sorted by log. */
  journal: JournalRecord[];
  /** When `journal[0]` was appended, by the clock that is never set back. */
  journalSinceMs: number;
  /** Row number in `journal` of `journal[0]`. */
  journalNum: number;
  /** Its rows are deleted, by the open transaction or for good: nothing of it is moved any more. */
  isGone: boolean;
}

export interface Heads {
  /** The log's head, read if it is not known; `undefined` if there is no such log or it has expired. */
  find(logId: string, nowMs: number): Head | undefined;
  /** Inserts the log's row. */
  create(logId: string, epoch: number): Head;
  forget(logId: string): void;
  /** Takes back what `create` put in a head's place. */
  restore(head: Head): void;
  /** Lets go of heads that can be read again. Not inside a transaction: what it adds is known to the heads only at its end. */
  evictIdle(): void;
}

/** More than the logs that are live at once on one machine; idle ones beyond it are read again. */
const maxHeads = 10_000;

export function createHeads(database: DatabaseSync): Heads {
  const heads = new Map<string, Head>();
  const select = database.prepare(
    `SELECT num, epoch, trimmed_seq, trimmed_epoch, stop, expires_at_ms,
            (SELECT max(last_seq) FROM segments WHERE log = logs.num) AS last_seq
     FROM logs WHERE id = ?`,
  );
  const insert = database.prepare("INSERT INTO logs (id, epoch) VALUES (?, ?)");

  function remember(head: Head): Head {
    heads.set(head.logId, head);
    return head;
  }

  function load(logId: string): Head | undefined {
    const row = select.get(logId);
    if (!row) return undefined;
    const trimmedSeq = Number(row["trimmed_seq"]);
    return remember({
      ...newHead(logId, Number(row["num"]), Number(row["epoch"])),
      lastSeq: row["last_seq"] === null ? trimmedSeq : Number(row["last_seq"]),
      trimmedSeq,
      trimmedEpoch: Number(row["trimmed_epoch"]),
      stop: row["stop"] === 1,
      expiresAtMs: row["expires_at_ms"] === null ? Number.POSITIVE_INFINITY : Number(row["expires_at_ms"]),
    });
  }

  return {
    find(logId, nowMs) {
      const head = heads.get(logId) ?? load(logId);
      return head && head.expiresAtMs > nowMs ? head : undefined;
    },
    create: (logId, epoch) => remember(newHead(logId, Number(insert.run(logId, epoch).lastInsertRowid), epoch)),
    forget: (logId) => void heads.delete(logId),
    restore: remember,
    evictIdle() {
      if (heads.size < maxHeads) return;
      for (const [id, { leaseTtlMs, journal }] of heads) {
        if (leaseTtlMs === 0 && journal.length === 0) heads.delete(id);
        if (heads.size < maxHeads * 0.9) break;
      }
    },
  };
}

function newHead(logId: string, num: number, epoch: number): Head {
  return {
    logId,
    num,
    epoch,
    lastSeq: 0,
    trimmedSeq: 0,
    trimmedEpoch: 0,
    stop: false,
    expiresAtMs: Number.POSITIVE_INFINITY,
    leaseDeadlineMs: 0,
    leaseTtlMs: 0,
    journal: [],
    journalSinceMs: 0,
    journalNum: 0,
    isGone: false,
  };
}
