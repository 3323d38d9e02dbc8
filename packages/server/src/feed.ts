/** Between a log and its connections: one shared tail, encoded once for all; merged for those who catch up. */
import { setTimeout as wait } from "node:timers/promises";
import { follow, LogError, type LogRecord, type Position, type ReadLimit, type RecordLog } from "@typebar/log";
import { type EncodedRecord, encodeRecord, fill, type Pull, positionOf, type RecordFormat } from "./pull.ts";
import { mergeAhead, readAhead } from "./read-ahead.ts";

/** Where a connection gets its bytes. */
export interface Feed {
  /**
   * What comes after a position, about `maxBytes` of it. Answers at once where it can. After the record that ends the log
   * there is nothing, for ever. Rejects when the log cannot be read, throws or rejects when a record cannot be encoded.
   */
  pull(after: Position, maxBytes: number): Pull | Promise<Pull>;
  /** Calls `listener` when there may be more to pull than there was now. Returns the way to end it. */
  watch(listener: () => void): () => void;
}

export interface FeedOptions {
  log: RecordLog;
  logId: string;
  format: RecordFormat;
  /** How much of the tail is kept encoded, in bytes; who is further behind reads the log. @defaultValue 262144 */
  cacheBytes?: number;
  /** A reader more than this many records behind gets them merged. @defaultValue 8 */
  mergeBeyond?: number;
  /** How long a lost wake-up can go unnoticed, in milliseconds. @defaultValue 1000 */
  pollMs?: number;
  /** How much of the log is read at most for one pull, or at once for the tail. @defaultValue 8,192 records or 524,288 characters */
  pageLimit?: ReadLimit;
}

interface CachedRecord extends EncodedRecord {
  record: LogRecord;
}

const defaultPageLimit: ReadLimit = { count: 8192, chars: 524_288 };

export function createFeed(options: FeedOptions): Feed {
  const { log, logId, format, cacheBytes = 262_144, mergeBeyond = 8, pollMs = 1000 } = options;
  const { pageLimit = defaultPageLimit } = options;
  const listeners = new Set<() => void>();
  /** The newest records, contiguous, ending at the tail. */
  let cache: CachedRecord[] = [];
  let cachedBytes = 0;
  /** Position just before `cache[0]`. `undefined` until a reader has reached the end of the log. */
  let cacheStart: Position | undefined;
  /** The last merged answer: after a burst all followers of the tail stand at one place and ask for the same. */
  let merged: { afterSeq: number; tailSeq: number; maxBytes: number; pull: Pull } | undefined;
  /** Ends the reading of the tail; there is one while `cacheStart` is known. */
  let tailing: AbortController | undefined;
  /** The log was removed while its readers waited for its first record: the log itself says only that there is none. */
  let vanished = false;

  const tail = (): Position | undefined => {
    const last = cache.at(-1);
    return last ? positionOf(last.record) : cacheStart;
  };

  function notify(): void {
    for (const listener of listeners) listener();
  }

  function forget(): void {
    tailing?.abort();
    tailing = undefined;
    cache = [];
    cachedBytes = 0;
    cacheStart = undefined;
    merged = undefined;
    vanished = false;
  }

  function remember(records: readonly LogRecord[]): void {
    for (const record of records) {
      const encoded = encodeRecord(format, record);
      cache.push({ record, ...encoded });
      cachedBytes += encoded.bytes.length;
    }
    let dropped = 0;
    while (cachedBytes > cacheBytes && dropped < cache.length) cachedBytes -= cache[dropped++]?.bytes.length ?? 0;
    const last = cache[dropped - 1];
    if (!last) return;
    cacheStart = positionOf(last.record);
    cache = cache.slice(dropped);
  }

  /** Reads what comes after a position, once for all, and tells the connections. */
  async function startTail(from: Position): Promise<void> {
    cacheStart = from;
    const { signal } = (tailing = new AbortController());
    while (!signal.aborted) {
      try {
        for await (const page of follow(log, logId, tail() ?? from, { signal, limit: pageLimit, pollMs })) {
          if (page.type === "records") {
            remember(page.records);
          } else {
            const atStart = tail()?.seq === 0;
            // A log that no longer knows our tail: each connection finds out for itself by pulling from the log.
            forget();
            vanished = atStart;
          }
          notify();
        }
      } catch (error) {
        if (signal.aborted) return;
        if (error instanceof LogError) {
          // The log did not answer: the connections go on with what they have, and with the rest when it does.
          await sleep(pollMs, signal);
        } else {
          // A record that cannot be encoded: as above.
          forget();
          notify();
        }
      }
    }
  }

  /** Answers from the cache, or `undefined` if it does not hold the position. */
  function pullCached(after: Position, maxBytes: number): Pull | undefined {
    if (!cacheStart || after.seq < cacheStart.seq) return undefined;
    const index = after.seq - cacheStart.seq;
    const at = index === 0 ? cacheStart : cache[index - 1]?.record;
    if (at?.epoch !== after.epoch) return undefined;
    const rest = cache.slice(index);
    return rest.length > mergeBeyond ? pullMerged(rest, after, maxBytes) : fill(rest, after, maxBytes);
  }

  function pullMerged(rest: readonly CachedRecord[], after: Position, maxBytes: number): Pull {
    const tailSeq = after.seq + rest.length;
    if (merged?.afterSeq !== after.seq || merged.tailSeq !== tailSeq || merged.maxBytes !== maxBytes) {
      const pull = fill(
        encodedAll(
          mergeAhead(
            format,
            rest.map(({ record }) => record),
            maxBytes,
          ),
          rest,
        ),
        after,
        maxBytes,
      );
      merged = { afterSeq: after.seq, tailSeq, maxBytes, pull };
    }
    return merged.pull;
  }

  async function pullFromLog(after: Position, maxBytes: number): Promise<Pull> {
    const page = await readAhead({ log, logId, format, limit: pageLimit }, after, maxBytes);
    if (page.type !== "records") return page;
    // The first reader that stands at the end starts the tail; nobody has to read that part again.
    if (page.records.length === 0 && !cacheStart && listeners.size > 0) void startTail(after);
    return fill(encodedAll(page.records), after, maxBytes);
  }

  /** Encodes only as far as it is asked. What merging left alone is not encoded again. */
  function* encodedAll(records: readonly LogRecord[], known: readonly CachedRecord[] = []): Generator<CachedRecord> {
    const firstSeq = records[0]?.seq ?? 0;
    for (const record of records) {
      const same = known[record.seq - firstSeq];
      yield same?.record === record ? same : { record, ...encodeRecord(format, record) };
    }
  }

  return {
    pull(after, maxBytes) {
      if (vanished && after.seq === 0) return { type: "diverged" };
      return pullCached(after, maxBytes) ?? pullFromLog(after, maxBytes);
    },

    watch(listener) {
      listeners.add(listener);
      return () => {
        if (listeners.delete(listener) && listeners.size === 0) forget();
      };
    },
  };
}

/** Settles after `ms`, or at once when aborted. */
async function sleep(ms: number, signal: AbortSignal): Promise<void> {
  await wait(ms, undefined, { signal }).catch(() => undefined);
}
