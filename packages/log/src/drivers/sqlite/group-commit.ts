/** Appends of one event-loop turn share a transaction: the first token waits for nobody, and a burst costs one commit. */
import type { DatabaseSync } from "node:sqlite";
import { type AppendResult, LogError, type Position } from "../../record-log.ts";
import type { Creation, Expiry } from "./expiry.ts";
import type { Head, Heads, JournalRecord } from "./heads.ts";
import type { Segments } from "./segments.ts";

interface PendingAppend {
  logId: string;
  expected: Position | "any";
  payloads: readonly string[];
  resolve(result: AppendResult): void;
  reject(error: unknown): void;
}

/** What one transaction adds to a log. */
interface Growth {
  records: JournalRecord[];
  /** Row number in `journal` of the first of them. */
  journalNum: number;
}

export interface GroupCommit {
  append(logId: string, expected: Position | "any", payloads: readonly string[]): Promise<AppendResult>;
  /** Commits what is waiting, now, and moves what has stood in the journal long enough. */
  flush(): void;
}

export interface GroupCommitOptions {
  database: DatabaseSync;
  heads: Heads;
  segments: Segments;
  expiry: Expiry;
  now: () => number;
  /** Is never set back, so that no record stays in the journal for longer than it should. */
  monotonicNow: () => number;
  /** Called after the commit, for each log that grew. */
  onAppended(logId: string): void;
}

export function createGroupCommit(options: GroupCommitOptions): GroupCommit {
  const { database, heads, segments, expiry, now, monotonicNow, onAppended } = options;
  const insert = database.prepare(
    "INSERT INTO journal (num, log, seq, epoch, at_ms, payload) VALUES (?, ?, ?, ?, ?, ?)",
  );
  const begin = database.prepare("BEGIN IMMEDIATE");
  const commit = database.prepare("COMMIT");
  let pending: PendingAppend[] = [];
  let nextJournalNum = 1;
  /** The last transaction failed: the next one only appends, in case moving is what the store has no room for. */
  let onlyAppend = false;

  /** Writes one append inside the open transaction; `grown` holds what this transaction has added so far. */
  function write(append: PendingAppend, atMs: number, grown: Map<Head, Growth>, creations: Creation[]): Head {
    const { logId, expected, payloads } = append;
    let head = heads.find(logId, atMs);
    if (!head && expected === "any") {
      const creation = create(logId, atMs);
      creations.push(creation);
      head = creation.head;
    }
    const growth = (head && grown.get(head)) ?? { records: [], journalNum: nextJournalNum };
    let seq = (head?.lastSeq ?? 0) + growth.records.length;
    if (!head || (expected !== "any" && (head.epoch !== expected.epoch || seq !== expected.seq))) {
      throw new LogError("fenced", `log ${logId} is written by another`);
    }
    for (const payload of payloads) {
      insert.run(nextJournalNum++, head.num, ++seq, head.epoch, atMs, payload);
      growth.records.push({ seq, epoch: head.epoch, atMs, payload });
    }
    grown.set(head, growth);
    return head;
  }

  /** Makes a log inside the open transaction, of which nothing else is lost if the store refuses that. */
  function create(logId: string, atMs: number): Creation {
    database.exec("SAVEPOINT creation");
    try {
      // The clock as the first epoch: a log made again under the same name is never taken for the old one.
      const creation = expiry.create(logId, atMs);
      database.exec("RELEASE creation");
      return creation;
    } catch (cause) {
      // Where the store has rolled back everything this throws, and so refuses the whole transaction.
      database.exec("ROLLBACK TO creation; RELEASE creation");
      throw new LogError("unavailable", `the log store refused to make log ${logId}`, { cause });
    }
  }

  function flush(): void {
    const batch = pending;
    pending = [];
    if (batch.length === 0 && !segments.waiting) return;
    const atMs = now();
    const sinceMs = monotonicNow();
    const firstJournalNum = nextJournalNum;
    const grown = new Map<Head, Growth>();
    const creations: Creation[] = [];
    const written: Array<{ append: PendingAppend; head: Head; seq: number }> = [];
    const refused: Array<{ append: PendingAppend; error: LogError }> = [];
    let afterMove: () => void;
    try {
      begin.run();
      for (const append of batch) {
        try {
          const head = write(append, atMs, grown, creations);
          written.push({ append, head, seq: head.lastSeq + (grown.get(head)?.records.length ?? 0) });
        } catch (error) {
          // Nothing of this append was written, so the others of this transaction are not touched.
          if (!(error instanceof LogError)) throw error;
          refused.push({ append, error });
        }
      }
      afterMove = onlyAppend ? () => undefined : segments.move(sinceMs, firstJournalNum);
      commit.run();
      onlyAppend = false;
    } catch (cause) {
      if (database.isOpen && database.isTransaction) database.exec("ROLLBACK");
      nextJournalNum = firstJournalNum;
      onlyAppend = true;
      for (const creation of creations.toReversed()) creation.undo();
      for (const { reject } of batch) reject(new LogError("unavailable", "the log store refused to write", { cause }));
      return;
    }
    afterMove();
    for (const [head, growth] of grown) grow(head, growth, atMs, sinceMs);
    heads.evictIdle();
    for (const { append, error } of refused) append.reject(error);
    for (const { append, head, seq } of written) {
      append.resolve({ position: { epoch: head.epoch, seq }, stop: head.stop });
    }
    for (const { append } of written) if (append.payloads.length > 0) onAppended(append.logId);
  }

  function grow(head: Head, { records, journalNum }: Growth, atMs: number, sinceMs: number): void {
    head.lastSeq += records.length;
    if (head.leaseTtlMs > 0) head.leaseDeadlineMs = atMs + head.leaseTtlMs;
    if (records.length === 0) return;
    if (head.journal.length === 0) {
      head.journal = records;
      head.journalSinceMs = sinceMs;
      head.journalNum = journalNum;
      segments.add(head);
    } else {
      head.journal.push(...records);
    }
  }

  return {
    append(logId, expected, payloads) {
      return new Promise((resolve, reject) => {
        if (pending.length === 0) setImmediate(flush);
        pending.push({ logId, expected, payloads, resolve, reject });
      });
    },
    flush,
  };
}
