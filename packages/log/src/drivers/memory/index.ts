/** A record log in this process's memory, for tests and for libraries that need no durability. */
import { judgePosition } from "../../position.ts";
import {
  type AppendResult,
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

interface Entry {
  epoch: number;
  trimmedSeq: number;
  trimmedEpoch: number;
  /** `records[0]` has seq `trimmedSeq + 1`. */
  records: Array<LogRecord & { atMs: number }>;
  leaseDeadlineMs: number;
  /** 0 while nobody holds the lease: then an append renews nothing. */
  leaseTtlMs: number;
  stop: boolean;
  expiresAtMs: number;
}

export interface MemoryLogOptions {
  /** The store's clock, in milliseconds. @defaultValue Date.now */
  now?: () => number;
}

/** Opens an empty log store. */
export function openMemoryLog({ now = Date.now }: MemoryLogOptions = {}): RecordLog {
  const entries = new Map<string, Entry>();
  const watchers = createWatchers();

  function find(logId: string): Entry | undefined {
    const entry = entries.get(logId);
    if (!entry || entry.expiresAtMs > now()) return entry;
    // Only its epoch is still of use: for a log of the same name.
    entry.records = [];
    return undefined;
  }

  /** In the place of one of its name that has expired it has a greater epoch: none of the old positions and leases is one of it. */
  function create(logId: string, epoch: number): Entry {
    const old = entries.get(logId);
    const entry: Entry = {
      epoch: old ? Math.max(epoch, old.epoch + 1) : epoch,
      trimmedSeq: 0,
      trimmedEpoch: 0,
      records: [],
      leaseDeadlineMs: 0,
      leaseTtlMs: 0,
      stop: false,
      expiresAtMs: Number.POSITIVE_INFINITY,
    };
    entries.set(logId, entry);
    return entry;
  }

  function holderOf(lease: Lease): Entry | undefined {
    const entry = find(lease.logId);
    return entry?.epoch === lease.epoch ? entry : undefined;
  }

  return {
    openedAtMs: now(),

    async append(logId: string, expected: Position | "any", payloads: readonly string[]): Promise<AppendResult> {
      let entry = find(logId);
      if (expected === "any") entry ??= create(logId, now());
      else if (entry?.epoch !== expected.epoch || lastSeq(entry) !== expected.seq) {
        throw new LogError("fenced", `log ${logId} is written by another`);
      }
      const atMs = now();
      if (entry.leaseTtlMs > 0) entry.leaseDeadlineMs = atMs + entry.leaseTtlMs;
      for (const payload of payloads) {
        entry.records.push({ seq: lastSeq(entry) + 1, epoch: entry.epoch, payload, atMs });
      }
      if (payloads.length > 0) watchers.wake(logId, "append");
      return { position: { epoch: entry.epoch, seq: lastSeq(entry) }, stop: entry.stop };
    },

    async read(logId: string, after: Position, limit: ReadLimit): Promise<ReadResult> {
      const entry = find(logId);
      if (!entry) return after.seq === 0 ? { type: "records", records: [] } : { type: "diverged" };
      const verdict = judgePosition(after, {
        lastSeq: lastSeq(entry),
        trimmedSeq: entry.trimmedSeq,
        trimmedEpoch: entry.trimmedEpoch,
        epochOf: (seq) => entry.records[seq - entry.trimmedSeq - 1]?.epoch,
      });
      if (verdict !== "ok") return { type: verdict };
      const records: LogRecord[] = [];
      let chars = 0;
      for (let index = after.seq - entry.trimmedSeq; index < entry.records.length; index++) {
        const record = entry.records[index];
        if (!record || records.length >= limit.count) break;
        chars += record.payload.length;
        if (records.length > 0 && chars > limit.chars) break;
        records.push({ seq: record.seq, epoch: record.epoch, payload: record.payload });
      }
      return { type: "records", records };
    },

    async head(logId: string): Promise<LogHead | undefined> {
      const entry = find(logId);
      return entry && { epoch: entry.epoch, seq: lastSeq(entry), trimmedSeq: entry.trimmedSeq, stop: entry.stop };
    },

    watch: (logId: string, listener: (wakeUp: WakeUp) => void) => watchers.watch(logId, listener),

    async acquire(logId: string, { holder, ttlMs }: { holder: string; ttlMs: number }): Promise<Lease | undefined> {
      const found = find(logId);
      if (found && found.leaseDeadlineMs > now()) return undefined;
      const entry = found ?? create(logId, 1);
      if (found) entry.epoch += 1;
      entry.leaseTtlMs = ttlMs;
      entry.leaseDeadlineMs = now() + ttlMs;
      return { logId, epoch: entry.epoch, seq: lastSeq(entry), holder, ttlMs, stop: entry.stop };
    },

    async renew(lease: Lease): Promise<{ stop: boolean }> {
      const entry = holderOf(lease);
      if (!entry) throw new LogError("fenced", `the lease of log ${lease.logId} is held by another`);
      entry.leaseDeadlineMs = now() + lease.ttlMs;
      return { stop: entry.stop };
    },

    async release(lease: Lease): Promise<void> {
      const entry = holderOf(lease);
      if (!entry) return;
      entry.leaseTtlMs = 0;
      entry.leaseDeadlineMs = 0;
    },

    async requestStop(logId: string): Promise<void> {
      const entry = find(logId);
      if (!entry) return;
      entry.stop = true;
      watchers.wake(logId, "stop");
    },

    async trim(logId: string, { count, bytes, ageMs }: Retention): Promise<void> {
      const entry = find(logId);
      if (!entry) return;
      const { records } = entry;
      let kept = 0;
      let keptBytes = 0;
      for (let index = records.length - 1; index >= 0; index--) {
        const record = records[index];
        if (!record) break;
        keptBytes += Buffer.byteLength(record.payload);
        const over =
          (count !== undefined && kept >= count) ||
          (bytes !== undefined && keptBytes > bytes) ||
          (ageMs !== undefined && record.atMs < now() - ageMs);
        if (over && kept > 0) break;
        kept += 1;
      }
      const removed = records.splice(0, records.length - kept).at(-1);
      if (!removed) return;
      entry.trimmedSeq = removed.seq;
      entry.trimmedEpoch = removed.epoch;
    },

    async expire(logId: string, ttlMs: number): Promise<void> {
      const entry = find(logId);
      if (ttlMs <= 0) {
        if (entry) entries.delete(logId);
        watchers.wake(logId, "remove");
      } else if (entry) {
        entry.expiresAtMs = now() + ttlMs;
      }
    },

    async [Symbol.asyncDispose](): Promise<void> {
      entries.clear();
    },
  };
}

function lastSeq(entry: Entry): number {
  return entry.trimmedSeq + entry.records.length;
}
