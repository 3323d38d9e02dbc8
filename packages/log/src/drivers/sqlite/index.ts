/** A record log in one SQLite file that this process alone holds. The default of a single machine. */
import type { DatabaseSync } from "node:sqlite";
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
import { openDatabase } from "./database.ts";
import { createExpiry } from "./expiry.ts";
import { createGroupCommit } from "./group-commit.ts";
import { createHeads } from "./heads.ts";

export interface SqliteLogOptions {
  /** The file; it and its folder are created. `-wal` is added for the file beside it. */
  path: string;
  /** How far the file may grow, in bytes; beyond it every append is rejected with "unavailable". @defaultValue no bound */
  maxBytes?: number;
  /** The store's clock, in milliseconds. @defaultValue Date.now */
  now?: () => number;
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
  expiryIntervalMs = 60_000,
}: SqliteLogOptions): RecordLog {
  const database = openDatabase(path, maxBytes);
  const heads = createHeads(database);
  const watchers = createWatchers();
  const commits = createGroupCommit({ database, heads, now, onAppended: (logId) => watchers.wake(logId, "append") });
  const expiry = createExpiry({ database, heads, now, intervalMs: expiryIntervalMs });
  const statements = prepareStatements(database);

  function readRecords(num: number, afterSeq: number, limit: ReadLimit): LogRecord[] {
    const records: LogRecord[] = [];
    let chars = 0;
    for (const row of statements.page.iterate(num, afterSeq, limit.count) as Iterable<unknown> as Iterable<RecordRow>) {
      chars += row[2].length;
      if (records.length > 0 && chars > limit.chars) break;
      records.push({ seq: row[0], epoch: row[1], payload: row[2] });
    }
    return records;
  }

  return {
    append: commits.append,

    async read(logId: string, after: Position, limit: ReadLimit): Promise<ReadResult> {
      return guard(() => {
        const head = heads.find(logId, now());
        if (!head) return after.seq === 0 ? { type: "records", records: [] } : { type: "diverged" };
        const verdict = judgePosition(after, {
          ...head,
          epochOf: (seq) => {
            // Where only one epoch has ever written, the row need not be looked up.
            if (head.epoch === 1) return 1;
            const row = statements.epoch.get(head.num, seq);
            return row && Number(row["epoch"]);
          },
        });
        if (verdict !== "ok") return { type: verdict };
        if (after.seq === head.lastSeq) return { type: "records", records: [] };
        return { type: "records", records: readRecords(head.num, after.seq, limit) };
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
        const owned = head ?? heads.create(logId, 0);
        statements.setEpoch.run(owned.epoch + 1, owned.num);
        owned.epoch += 1;
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
        const upTo = trimPoint(statements, head.num, head.lastSeq, retention, now());
        if (upTo <= head.trimmedSeq) return;
        const epoch = Number(statements.epoch.get(head.num, upTo)?.["epoch"] ?? 0);
        database.exec("BEGIN IMMEDIATE");
        try {
          statements.deleteUpTo.run(head.num, upTo);
          statements.setTrimmed.run(upTo, epoch, head.num);
          database.exec("COMMIT");
        } catch (error) {
          if (database.isTransaction) database.exec("ROLLBACK");
          throw error;
        }
        head.trimmedSeq = upTo;
        head.trimmedEpoch = epoch;
      });
    },

    async expire(logId: string, ttlMs: number): Promise<void> {
      guard(() => {
        const head = heads.find(logId, now());
        if (!head) return;
        if (ttlMs <= 0) {
          expiry.remove(logId, head.num);
          return;
        }
        const atMs = now() + ttlMs;
        statements.setExpiry.run(atMs, head.num);
        head.expiresAtMs = atMs;
      });
    },

    async [Symbol.asyncDispose](): Promise<void> {
      expiry.end();
      commits.flush();
      if (database.isOpen) database.close();
    },
  };
}

type RecordRow = [seq: number, epoch: number, payload: string];

interface Statements {
  page: ReturnType<DatabaseSync["prepare"]>;
  epoch: ReturnType<DatabaseSync["prepare"]>;
  newestFirst: ReturnType<DatabaseSync["prepare"]>;
  setEpoch: ReturnType<DatabaseSync["prepare"]>;
  setStop: ReturnType<DatabaseSync["prepare"]>;
  setTrimmed: ReturnType<DatabaseSync["prepare"]>;
  setExpiry: ReturnType<DatabaseSync["prepare"]>;
  deleteUpTo: ReturnType<DatabaseSync["prepare"]>;
}

function prepareStatements(database: DatabaseSync): Statements {
  const page = database.prepare(
    "SELECT seq, epoch, payload FROM records WHERE log = ? AND seq > ? ORDER BY seq LIMIT ?",
  );
  page.setReturnArrays(true);
  return {
    page,
    epoch: database.prepare("SELECT epoch FROM records WHERE log = ? AND seq = ?"),
    newestFirst: database.prepare(
      "SELECT seq, at_ms, length(CAST(payload AS BLOB)) AS bytes FROM records WHERE log = ? ORDER BY seq DESC",
    ),
    setEpoch: database.prepare("UPDATE logs SET epoch = ? WHERE num = ?"),
    setStop: database.prepare("UPDATE logs SET stop = 1 WHERE num = ?"),
    setTrimmed: database.prepare("UPDATE logs SET trimmed_seq = ?, trimmed_epoch = ? WHERE num = ?"),
    setExpiry: database.prepare("UPDATE logs SET expires_at_ms = ? WHERE num = ?"),
    deleteUpTo: database.prepare("DELETE FROM records WHERE log = ? AND seq <= ?"),
  };
}

/** The seq of the newest record that the bounds no longer keep; 0 if all are kept. */
function trimPoint(statements: Statements, num: number, lastSeq: number, retention: Retention, nowMs: number): number {
  const { count, bytes, ageMs } = retention;
  let keptBytes = 0;
  for (const row of statements.newestFirst.iterate(num)) {
    const seq = Number(row["seq"]);
    keptBytes += Number(row["bytes"]);
    const over =
      (count !== undefined && lastSeq - seq >= count) ||
      (bytes !== undefined && keptBytes > bytes) ||
      (ageMs !== undefined && Number(row["at_ms"]) < nowMs - ageMs);
    if (over && seq < lastSeq) return seq;
  }
  return 0;
}

function guard<T>(action: () => T): T {
  try {
    return action();
  } catch (error) {
    if (error instanceof LogError) throw error;
    throw new LogError("unavailable", "the log store did not answer", { cause: error });
  }
}
