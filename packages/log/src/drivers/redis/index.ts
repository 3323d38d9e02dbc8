/**
 * A record log in Redis or Valkey, for any number of processes. Each call is one script, which Redis runs as one step; wake-ups are
 * published by the script that stored. What lies where: keys.ts.
 */
import { randomUUID } from "node:crypto";
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
import { createAppendLanes } from "./append-lanes.ts";
import { createCells } from "./cells.ts";
import { checkUrl, connect } from "./connection.ts";
import { createKeys } from "./keys.ts";
import { openLink } from "./link.ts";
import * as leases from "./lua/lease.ts";
import * as reading from "./lua/read.ts";
import * as retentions from "./lua/retention.ts";
import type { Script } from "./lua/script.ts";
import { openRoster } from "./roster.ts";
import { createStore } from "./store.ts";
import { openWakeUps } from "./wake-ups.ts";

export interface RedisLogOptions {
  /** `redis://user:password@host:port/database`; `rediss:` for TLS, `unix:` for a socket. Redis 7 or later, or Valkey. */
  url: string;
  /** Begins the name of every key; must hold no brace. @defaultValue "typebar:log:" */
  prefix?: string;
  /**
   * Appends to one log go out at most so often, in milliseconds; the first of a burst at once. Longer costs less of Redis, and later
   * tokens come later. @defaultValue 15
   */
  windowMs?: number;
  /**
   * How long a call waits for Redis, in milliseconds, over reconnections too; then it rejects with "unavailable". A try that has begun
   * by then has as long again.
   *
   * @defaultValue 2000
   */
  timeoutMs?: number;
  /** How often an idle connection is asked whether it is still there, in milliseconds. @defaultValue 5000 */
  heartbeatMs?: number;
  /**
   * How often a process that others are told of counts up, and looks whether they do, in milliseconds; one that has not for three looks
   * is taken for dead.
   *
   * @defaultValue 1000
   */
  beatMs?: number;
}

/**
 * Opens two connections, one for wake-ups, and keeps them open: it does not wait for Redis.
 *
 * @throws {RangeError} the prefix holds a brace, or the URL is none of a Redis.
 */
export function openRedisLog(options: RedisLogOptions): RecordLog {
  const { url, prefix = "typebar:log:", windowMs = 15, timeoutMs = 2000, heartbeatMs = 5000 } = options;
  const { beatMs = 1000 } = options;
  checkUrl(url);
  const keys = createKeys(prefix, randomUUID());
  const open = () => connect({ url, timeoutMs, heartbeatMs });
  const link = openLink({ connect: open });
  const store = createStore(link, timeoutMs);
  const wakeUps = openWakeUps(keys, open);
  const lanes = createAppendLanes({ store, keys, windowMs, timeoutMs });

  const run = (script: Script, logId: string, ...args: readonly (string | number)[]): Promise<unknown> =>
    store.run({ script, keys: keys.of(logId).all, args: () => args.map(String) });

  return {
    shared: {
      openRoster: (rosterOptions) => openRoster({ store, keys, beatMs, ...rosterOptions }),
      cells: createCells(store, keys),
    },

    append: (logId: string, expected: Position | "any", payloads: readonly string[]): Promise<AppendResult> =>
      lanes.append(logId, expected, payloads),

    async read(logId: string, after: Position, limit: ReadLimit): Promise<ReadResult> {
      // Comes from outside: what is not a whole number would be a broken entry ID.
      if (!isCount(after.epoch) || !isCount(after.seq)) return { type: "diverged" };
      wakeUps.noteRead(logId);
      const maxCount = Math.max(1, Math.min(limit.count, Number.MAX_SAFE_INTEGER));
      const maxBytes = Math.min(limit.chars, Number.MAX_SAFE_INTEGER);
      const reply = await run(reading.read, logId, after.epoch, after.seq, maxCount, maxBytes);
      return toReadResult(reply as ["records" | "expired" | "diverged", ...string[]], after.seq);
    },

    async head(logId: string): Promise<LogHead | undefined> {
      const reply = (await run(reading.head, logId)) as [number, number, number, number] | null;
      if (!reply) return undefined;
      const [epoch, seq, trimmedSeq, stop] = reply;
      return { epoch, seq, trimmedSeq, stop: stop === 1 };
    },

    watch: (logId: string, listener: (wakeUp: WakeUp) => void) => wakeUps.watch(logId, listener),

    async acquire(logId: string, { holder, ttlMs }: { holder: string; ttlMs: number }): Promise<Lease | undefined> {
      const token = randomUUID();
      const reply = (await store.run({
        script: leases.acquire,
        keys: keys.of(logId).all,
        args: ({ history }) => [history, String(Math.ceil(ttlMs)), holder, token],
      })) as [number, number, number] | null;
      if (!reply) return undefined;
      const [epoch, seq, stop] = reply;
      return { logId, epoch, seq, holder, ttlMs, stop: stop === 1 };
    },

    async renew(lease: Lease): Promise<{ stop: boolean }> {
      const reply = (await run(leases.renew, lease.logId, lease.epoch, Math.ceil(lease.ttlMs))) as [number] | null;
      if (!reply) throw new LogError("fenced", `the lease of log ${lease.logId} is held by another`);
      return { stop: reply[0] === 1 };
    },

    async release(lease: Lease): Promise<void> {
      await run(leases.release, lease.logId, lease.epoch);
    },

    async requestStop(logId: string): Promise<void> {
      await run(leases.requestStop, logId);
      // Who began to watch just now may not be told by Redis yet.
      wakeUps.wake(logId, "stop");
    },

    async trim(logId: string, { count, bytes, ageMs }: Retention): Promise<void> {
      while ((await run(retentions.trim, logId, count ?? "", bytes ?? "", ageMs ?? "")) === 1);
    },

    async expire(logId: string, ttlMs: number): Promise<void> {
      const args = [String(Math.max(0, Math.ceil(ttlMs)))];
      // Twice could remove a log that was made again in between.
      await store.run({ script: retentions.expire, keys: keys.of(logId).all, args: () => args, once: true });
      if (ttlMs <= 0) wakeUps.wake(logId, "remove");
    },

    async [Symbol.asyncDispose](): Promise<void> {
      await lanes.drain();
      wakeUps.close();
      link.close();
    },
  };
}

function toReadResult(
  [verdict, ...entries]: ["records" | "expired" | "diverged", ...string[]],
  after: number,
): ReadResult {
  if (verdict !== "records") return { type: verdict };
  const records: LogRecord[] = [];
  for (let index = 0; index + 1 < entries.length; index += 2) {
    records.push({ seq: after + records.length + 1, epoch: Number(entries[index]), payload: entries[index + 1] ?? "" });
  }
  return { type: "records", records };
}

function isCount(value: number): boolean {
  return Number.isSafeInteger(value) && value >= 0;
}
