/**
 * Appends of one log -> one script at a time. The first goes out at once, so the first token waits for nobody; those that come while it is
 * under way, or within the window, go together, in their order. Used by index.ts.
 */
import { randomUUID } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import { type AppendResult, LogError, type Position } from "../../record-log.ts";
import type { Keys } from "./keys.ts";
import { append as script } from "./lua/append.ts";
import type { Store } from "./store.ts";

interface Pending {
  expected: Position | "any";
  payloads: readonly string[];
  deadlineMs: number;
  resolve(result: AppendResult): void;
  reject(error: unknown): void;
}

interface Lane {
  logId: string;
  queue: Pending[];
  /** Not before this the next batch goes out, by `performance.now()`. */
  opensMs: number;
  /** The leased append whose answer was lost last: what the log holds at its place may be of ours, and may have been read. */
  doubt: Doubt | undefined;
  /** While batches go out, and for one window after the last. */
  running: Promise<void> | undefined;
}

interface Doubt {
  seq: number;
  payloads: readonly string[];
  /** The Redis that it was sent to. */
  history: string;
}

export interface AppendLanes {
  append(logId: string, expected: Position | "any", payloads: readonly string[]): Promise<AppendResult>;
  /** Settles when all that was appended is settled. */
  drain(): Promise<void>;
}

export interface AppendLanesOptions {
  store: Store;
  keys: Keys;
  windowMs: number;
  timeoutMs: number;
}

/** What one script takes at most: nobody else is served by Redis meanwhile. */
const maxBatchRecords = 1000;
const maxBatchChars = 1_048_576;

export function createAppendLanes({ store, keys, windowMs, timeoutMs }: AppendLanesOptions): AppendLanes {
  const lanes = new Map<string, Lane>();

  async function run(lane: Lane): Promise<void> {
    for (;;) {
      const waitMs = lane.opensMs - performance.now();
      if (waitMs > 0) await sleep(waitMs);
      if (lane.queue.length === 0) break;
      lane.opensMs = performance.now() + windowMs;
      await sendBatch(lane, takeBatch(lane.queue));
    }
    lane.running = undefined;
    if (!lane.doubt) lanes.delete(lane.logId);
  }

  async function sendBatch(lane: Lane, batch: readonly Pending[]): Promise<void> {
    try {
      const results = await send(lane, batch);
      if (results) for (const [index, { resolve }] of batch.entries()) resolve(results[index] as AppendResult);
      else if (batch.length > 1) for (const pending of batch) await sendBatch(lane, [pending]);
      else batch[0]?.reject(new LogError("fenced", `log ${lane.logId} is written by another`));
    } catch (error) {
      for (const { reject } of batch) reject(error);
      if (batch[0]?.expected !== "any") rejectFollowing(lane, error);
    }
  }

  /** @returns nothing if it is fenced. */
  async function send(lane: Lane, batch: readonly Pending[]): Promise<AppendResult[] | undefined> {
    const [first] = batch;
    if (!first) return [];
    const payloads = batch.flatMap((pending) => pending.payloads);
    const [epoch, seq] =
      first.expected === "any" ? ["", ""] : [String(first.expected.epoch), String(first.expected.seq)];
    const batchId = randomUUID();
    let sentTo = "";
    let isLost = false;
    const reply = await store.run({
      script,
      keys: keys.of(lane.logId).all,
      args: ({ history }) => {
        sentTo = history;
        const again = first.expected === "any" ? (isLost ? "1" : "") : toAgain(lane.doubt, first.expected, payloads);
        return [epoch, seq, history, again, batchId, String(timeoutMs * 2), ...payloads];
      },
      deadlineMs: first.deadlineMs,
      onLost: () => {
        isLost = true;
        // The first one stays: of a later one at its place it is the beginning, or that one was refused.
        if (first.expected !== "any") lane.doubt ??= { seq: first.expected.seq, payloads, history: sentTo };
      },
    });
    lane.doubt = undefined;
    const [verdict, atEpoch, lastSeq, stop] = reply as ["ok", number, number, number] | ["fenced"];
    return verdict === "ok" ? toResults(batch, { epoch: atEpoch, seq: lastSeq }, stop === 1) : undefined;
  }

  return {
    append(logId, expected, payloads) {
      return new Promise((resolve, reject) => {
        let lane = lanes.get(logId);
        if (!lane) lanes.set(logId, (lane = { logId, queue: [], opensMs: 0, doubt: undefined, running: undefined }));
        lane.queue.push({ expected, payloads, deadlineMs: performance.now() + timeoutMs, resolve, reject });
        lane.running ??= run(lane);
      });
    },
    async drain() {
      for (const lane of lanes.values()) await lane.running;
    },
  };
}

/** Those that build on an append that was not stored would only be told that they are fenced. */
function rejectFollowing(lane: Lane, error: unknown): void {
  for (const { expected, reject } of lane.queue) if (expected !== "any") reject(error);
  lane.queue = lane.queue.filter(({ expected }) => expected === "any");
}

/** As many of the oldest as one script can take: all "any", or each at the place where the one before it ends. */
function takeBatch(queue: Pending[]): Pending[] {
  const batch: Pending[] = [];
  let records = 0;
  let chars = 0;
  for (const pending of queue) {
    const first = batch[0];
    records += pending.payloads.length;
    for (const payload of pending.payloads) chars += payload.length;
    if (first && (records > maxBatchRecords || chars > maxBatchChars)) break;
    if (first && !continues(pending, first, records - pending.payloads.length)) break;
    batch.push(pending);
  }
  queue.splice(0, batch.length);
  return batch;
}

function continues({ expected }: Pending, first: Pending, recordsBefore: number): boolean {
  if (expected === "any" || first.expected === "any") return expected === first.expected;
  return expected.epoch === first.expected.epoch && expected.seq === first.expected.seq + recordsBefore;
}

/** @param end of the whole batch. */
function toResults(batch: readonly Pending[], end: Position, stop: boolean): AppendResult[] {
  let seq = end.seq - batch.reduce((sum, { payloads }) => sum + payloads.length, 0);
  return batch.map(({ payloads }) => {
    seq += payloads.length;
    return { position: { epoch: end.epoch, seq }, stop };
  });
}

/**
 * What the script is to know of an append that was lost at the same place: "1" if this one begins with it, and so may be there in part;
 * else the Redis it was sent to. Another one may have lost it after it was read, and then nothing else may take its place.
 */
function toAgain(doubt: Doubt | undefined, { seq }: Position, payloads: readonly string[]): string {
  if (doubt?.seq !== seq) return "";
  return doubt.payloads.every((payload, index) => payload === payloads[index]) ? "1" : doubt.history;
}
