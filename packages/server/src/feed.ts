/** Between a log and its connections: one shared tail, encoded once for all; merged for those who catch up. */
import type { LogRecord, Position, ReadLimit, RecordLog } from "@typebar/log";
import { type EncodedRecord, encodeRecord, fill, type Pull, positionOf, type RecordFormat } from "./pull.ts";

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
  /** How much of the log is read at once. @defaultValue 8,192 records or 524,288 characters */
  pageLimit?: ReadLimit;
}

interface CachedRecord extends EncodedRecord {
  record: LogRecord;
}

const defaultPageLimit: ReadLimit = { count: 8192, chars: 524_288 };

/** A page of fewer records, none of them long, was not cut short by its limit. */
const fewRecords = 64;
const manyChars = 4096;

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
  let advancing = false;
  let advanceAgain = false;
  /** Counts wake-ups, so that a read knows whether one came while it was under way. */
  let wakeUps = 0;
  let stopWatching: (() => void) | undefined;

  const tail = (): Position | undefined => {
    const last = cache.at(-1);
    return last ? positionOf(last.record) : cacheStart;
  };

  function notify(): void {
    for (const listener of listeners) listener();
  }

  function forget(): void {
    cache = [];
    cachedBytes = 0;
    cacheStart = undefined;
    merged = undefined;
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

  /** Reads what the log has after the tail, once for all; then tells the connections. */
  async function advance(): Promise<void> {
    if (advancing) {
      advanceAgain = true;
      return;
    }
    advancing = true;
    try {
      do {
        advanceAgain = false;
        const from = tail();
        if (!from) break;
        const page = await log.read(logId, from, pageLimit);
        const now = tail();
        // The last connection may have left meanwhile, and another come: this page does not go on from their tail.
        if (now?.seq !== from.seq || now.epoch !== from.epoch) advanceAgain = true;
        else advanceAgain = take(page) || advanceAgain;
        notify();
      } while (advanceAgain);
    } catch {
      // The log did not answer: the next wake-up or poll tries again; the connections go on with what they have.
    } finally {
      advancing = false;
    }
  }

  /** Puts a page after the tail. Returns whether there may be more. */
  function take(page: Awaited<ReturnType<RecordLog["read"]>>): boolean {
    if (page.type === "records") {
      try {
        remember(page.records);
        // What comes later wakes again: only a page of some size may have left something behind.
        const { length } = page.records;
        if (length >= Math.min(fewRecords, pageLimit.count)) return true;
        return page.records.some(({ payload }) => payload.length >= manyChars);
      } catch {
        // A record that cannot be encoded: as below.
      }
    }
    // A log that no longer knows our tail: each connection finds out for itself by pulling from the log.
    forget();
    return false;
  }

  function wake(): void {
    wakeUps += 1;
    if (tail()) void advance();
    else notify();
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
        encodedMerged(
          rest.map((cached) => cached.record),
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
    const watchedSince = stopWatching;
    const wakeUpsBefore = wakeUps;
    const page = await log.read(logId, after, pageLimit);
    if (page.type !== "records") return page;
    // The first reader that stands at the end starts the tail; nobody has to read that part again. Only if the log was
    // watched all the while: else nobody would tell when it grows.
    if (page.records.length === 0 && !cacheStart && watchedSince && watchedSince === stopWatching) {
      cacheStart = after;
      // What was appended during this read woke nobody who knew of the tail.
      if (wakeUps !== wakeUpsBefore) void advance();
    }
    return fill(encodedMerged(page.records), after, maxBytes);
  }

  /** Encodes only as far as it is asked. What merging left alone is not encoded again. */
  function* encodedMerged(records: readonly LogRecord[], known: readonly CachedRecord[] = []): Generator<CachedRecord> {
    const firstSeq = records[0]?.seq ?? 0;
    for (const record of format.merge(records)) {
      const same = known[record.seq - firstSeq];
      yield same?.record === record ? same : { record, ...encodeRecord(format, record) };
    }
  }

  return {
    pull: (after, maxBytes) => pullCached(after, maxBytes) ?? pullFromLog(after, maxBytes),

    watch(listener) {
      listeners.add(listener);
      if (!stopWatching) {
        const unwatch = log.watch(logId, wake);
        const poll = setInterval(wake, pollMs);
        stopWatching = () => {
          unwatch();
          clearInterval(poll);
        };
      }
      return () => {
        if (!listeners.delete(listener) || listeners.size > 0) return;
        stopWatching?.();
        stopWatching = undefined;
        forget();
      };
    },
  };
}
