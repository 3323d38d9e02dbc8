/** A record log in one SQLite file that this process alone holds. The default of a single machine. */
import type { DatabaseSync, StatementSync } from "node:sqlite";
import { judgePosition } from "../../position.ts";
import {
  type Lease,
  LogError,
  type LogHead,
  type LogRecord,
  type Position,
  type ReadLimit,
  type ReadResult,
  type RecordLog,
  type Retention,
  type WakeUp,
} from "../../record-log.ts";
import { createWatchers } from "../../watchers.ts";
import { openDatabase, transact } from "./database.ts";
import { createExpiry } from "./expiry.ts";
import { createGroupCommit } from "./group-commit.ts";
import { createHeads, type Head, type JournalRecord } from "./heads.ts";
import { createSegments } from "./segments.ts";

export interface SqliteLogOptions {
  /** The file; it and its folder are created. `-wal` is added for the file beside it. */
  path: string;
  /** How far the file may grow, in bytes; beyond it every append is rejected with "unavailable". @defaultValue no bound */
  maxBytes?: number;
  /** The store's clock, in milliseconds. @defaultValue Date.now */
  now?: () => number;
  /** Tells how long records have stood in the journal, in milliseconds: it must never be set back. @defaultValue performance.now */
  monotonicNow?: () => number;
  /** How often expired logs are removed, in milliseconds. @defaultValue 60000 */
  expiryIntervalMs?: number;
}

/**
 * Opens the store and takes its lock. Whatever lease a former process held is free again: it cannot be alive.
 *
 * @throws {LogError} "locked", "damaged" or "unwritable".
 */
export function openSqliteLog({
  path,
  maxBytes,
  now = Date.now,
  monotonicNow = () => performance.now(),
  expiryIntervalMs = 60_000,
}: SqliteLogOptions): RecordLog {
  const database = openDatabase(path, maxBytes);
  const heads = createHeads(database);
  const segments = createSegments(database);
  const watchers = createWatchers();
  const onAppended = (logId: string): void => watchers.wake(logId, "append");
  const onRemoved = (logId: string): void => watchers.wake(logId, "remove");
  const expiry = createExpiry({ database, heads, now, intervalMs: expiryIntervalMs, onRemoved });
  const commits = createGroupCommit({ database, heads, segments, expiry, now, monotonicNow, onAppended });
  const moving = setInterval(commits.flush, moveIntervalMs);
  moving.unref();
  const statements = prepareStatements(database);

  function* recordsAfter(head: Head, afterSeq: number): Generator<LogRecord> {
    const journalFrom = head.lastSeq - head.journal.length;
    if (afterSeq < journalFrom) yield* segments.read(head.num, afterSeq);
    for (let index = Math.max(0, afterSeq - journalFrom); index < head.journal.length; index++) {
      const record = head.journal[index];
      if (record) yield record;
    }
  }

  function epochOf(head: Head, seq: number): number | undefined {
    // Where only one epoch has ever written, the record need not be looked up.
    if (head.epoch === 1) return 1;
    const journalFrom = head.lastSeq - head.journal.length;
    return seq > journalFrom ? head.journal[seq - journalFrom - 1]?.epoch : segments.epochOf(head.num, seq);
  }

  /** The seq of the newest record that the bounds no longer keep; 0 if all are kept. */
  function trimPoint(head: Head, { count, bytes, ageMs }: Retention): number {
    let keptBytes = 0;
    for (const { seq, atMs, payload } of newestFirst(head)) {
      if (seq <= head.trimmedSeq) break;
      keptBytes += Buffer.byteLength(payload);
      const over =
        (count !== undefined && head.lastSeq - seq >= count) ||
        (bytes !== undefined && keptBytes > bytes) ||
        (ageMs !== undefined && atMs < now() - ageMs);
      if (over && seq < head.lastSeq) return seq;
    }
    return 0;
  }

  function* newestFirst(head: Head): Generator<JournalRecord> {
    yield* head.journal.toReversed();
    yield* segments.readNewestFirst(head.num);
  }

  return {
    append: commits.append,

    async read(logId: string, after: Position, limit: ReadLimit): Promise<ReadResult> {
      return guard(() => {
        const head = heads.find(logId, now());
        if (!head) return after.seq === 0 ? { type: "records", records: [] } : { type: "diverged" };
        const verdict = judgePosition(after, {
          ...head,
          epochOf: (seq) => epochOf(head, seq),
        });
        if (verdict !== "ok") return { type: verdict };
        return { type: "records", records: takePage(recordsAfter(head, after.seq), limit) };
      });
    },

    async head(logId: string): Promise<LogHead | undefined> {
      const head = guard(() => heads.find(logId, now()));
      return head && { epoch: head.epoch, seq: head.lastSeq, trimmedSeq: head.trimmedSeq, stop: head.stop };
    },

    watch: (logId: string, listener: (wakeUp: WakeUp) => void) => watchers.watch(logId, listener),

    async acquire(logId: string, { holder, ttlMs }: { holder: string; ttlMs: number }): Promise<Lease | undefined> {
      return guard(() => {
        const head = heads.find(logId, now());
        if (head && head.leaseDeadlineMs > now()) return undefined;
        const owned = head ?? transact(database, () => expiry.create(logId, 1)).head;
        if (head) {
          statements.setEpoch.run(head.epoch + 1, head.num);
          head.epoch += 1;
        }
        owned.leaseTtlMs = ttlMs;
        owned.leaseDeadlineMs = now() + ttlMs;
        return { logId, epoch: owned.epoch, seq: owned.lastSeq, holder, ttlMs, stop: owned.stop };
      });
    },

    async renew(lease: Lease): Promise<{ stop: boolean }> {
      const head = guard(() => heads.find(lease.logId, now()));
      if (head?.epoch !== lease.epoch)
        throw new LogError("fenced", `the lease of log ${lease.logId} is held by another`);
      head.leaseDeadlineMs = now() + lease.ttlMs;
      return { stop: head.stop };
    },

    async release(lease: Lease): Promise<void> {
      const head = guard(() => heads.find(lease.logId, now()));
      if (head?.epoch !== lease.epoch) return;
      head.leaseTtlMs = 0;
      head.leaseDeadlineMs = 0;
    },

    async requestStop(logId: string): Promise<void> {
      const head = guard(() => heads.find(logId, now()));
      if (!head) return;
      guard(() => statements.setStop.run(head.num));
      head.stop = true;
      watchers.wake(logId, "stop");
    },

    async trim(logId: string, retention: Retention): Promise<void> {
      guard(() => {
        const head = heads.find(logId, now());
        if (!head) return;
        const upTo = trimPoint(head, retention);
        if (upTo <= head.trimmedSeq) return;
        const epoch = epochOf(head, upTo) ?? 0;
        transact(database, () => {
          statements.deleteUpTo.run(head.num, upTo);
          statements.setTrimmed.run(upTo, epoch, head.num);
        });
        head.trimmedSeq = upTo;
        head.trimmedEpoch = epoch;
      });
    },

    async expire(logId: string, ttlMs: number): Promise<void> {
      guard(() => {
        const head = heads.find(logId, now());
        if (ttlMs <= 0) {
          if (head) expiry.remove(head);
          // Whoever waits for a log that was never made waits for nothing.
          else onRemoved(logId);
          return;
        }
        if (!head) return;
        const atMs = now() + ttlMs;
        statements.setExpiry.run(atMs, head.num);
        head.expiresAtMs = atMs;
      });
    },

    async [Symbol.asyncDispose](): Promise<void> {
      expiry.end();
      clearInterval(moving);
      commits.flush();
      if (database.isOpen) database.close();
    },
  };
}

/** How often what stands in the journal is looked through while nothing is appended. */
const moveIntervalMs = 500;

interface Statements {
  setEpoch: StatementSync;
  setStop: StatementSync;
  setTrimmed: StatementSync;
  setExpiry: StatementSync;
  deleteUpTo: StatementSync;
}

function prepareStatements(database: DatabaseSync): Statements {
  return {
    setEpoch: database.prepare("UPDATE logs SET epoch = ? WHERE num = ?"),
    setStop: database.prepare("UPDATE logs SET stop = 1 WHERE num = ?"),
    setTrimmed: database.prepare("UPDATE logs SET trimmed_seq = ?, trimmed_epoch = ? WHERE num = ?"),
    setExpiry: database.prepare("UPDATE logs SET expires_at_ms = ? WHERE num = ?"),
    deleteUpTo: database.prepare("DELETE FROM segments WHERE log = ? AND last_seq <= ?"),
  };
}

/** As many records as the limit allows, and at least one. */
function takePage(records: Iterable<LogRecord>, limit: ReadLimit): LogRecord[] {
  const page: LogRecord[] = [];
  let chars = 0;
  for (const { seq, epoch, payload } of records) {
    chars += payload.length;
    if (page.length >= limit.count || (page.length > 0 && chars > limit.chars)) break;
    page.push({ seq, epoch, payload });
  }
  return page;
}

function guard<T>(action: () => T): T {
  try {
    return action();
  } catch (error) {
    if (error instanceof LogError) throw error;
    throw new LogError("unavailable", "the log store did not answer", { cause: error });
  }
}
