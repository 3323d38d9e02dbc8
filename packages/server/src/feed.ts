/** Between a log and its connections: one shared tail, encoded once for all; merged for those who catch up. */
import type { LogRecord, Position, ReadLimit, RecordLog } from "@typebar/log";

/** One record as it goes onto the wire. */
export interface EncodedRecord {
  bytes: Uint8Array;
  /** Nothing comes after it: the connection that has written it ends cleanly. */
  end: boolean;
}

/** What the records of a log mean: passed in by whoever knows. */
export interface RecordFormat {
  /** Called once per record of the tail, however many connections follow. */
  encode(record: LogRecord): EncodedRecord;
  /** Joins neighbouring records for a reader that is behind; each result stands under the last joined one's position. */
  merge(records: readonly LogRecord[]): LogRecord[];
}

/**
 * - `blocks`: what to write next and the position after it; no blocks at the end of the log.
 * - `expired`, `diverged`: see `ReadResult` of the log.
 */
export type Pull =
  | { type: "blocks"; blocks: readonly Uint8Array[]; position: Position; end: boolean }
  | { type: "expired" }
  | { type: "diverged" };

/** Where a connection gets its bytes. */
export interface Feed {
  /** What comes after a position, about `maxBytes` of it. Answers at once where it can. Rejects when the log cannot be read. */
  pull(after: Position, maxBytes: number): Pull | Promise<Pull>;
  /** Calls `listener` when there may be more to pull. Returns the way to end it. */
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
}

interface CachedRecord extends EncodedRecord {
  record: LogRecord;
}

const pageLimit: ReadLimit = { count: 8192, chars: 524_288 };

export function createFeed(options: FeedOptions): Feed {
  const { log, logId, format, cacheBytes = 262_144, mergeBeyond = 8, pollMs = 1000 } = options;
  const listeners = new Set<() => void>();
  /** The newest records, contiguous, ending at the tail. */
  let cache: CachedRecord[] = [];
  let cachedBytes = 0;
  /** Position just before `cache[0]`. `undefined` until a reader has reached the end of the log. */
  let cacheStart: Position | undefined;
  let advancing = false;
  let advanceAgain = false;
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
  }

  function remember(records: readonly LogRecord[]): void {
    for (const record of records) {
      const encoded = format.encode(record);
      cache.push({ record, ...encoded });
      cachedBytes += encoded.bytes.length;
    }
    let dropped = 0;
    while (cachedBytes > cacheBytes && dropped < cache.length) cachedBytes -= cache[dropped++]?.bytes.length ?? 0;
    if (dropped === 0) return;
    const last = cache[dropped - 1];
    if (last) cacheStart = positionOf(last.record);
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
        // A log that no longer knows our tail: each connection finds out for itself by pulling from the log.
        if (page.type !== "records") forget();
        else if (page.records.length > 0) {
          remember(page.records);
          advanceAgain = true;
        }
        notify();
      } while (advanceAgain);
    } catch {
      // The log did not answer: the next wake-up or poll tries again; the connections go on with what they have.
    } finally {
      advancing = false;
    }
  }

  function wake(): void {
    if (tail()) void advance();
    else notify();
  }

  /** Answers from the cache, or `undefined` if it does not hold the position. */
  function pullCached(after: Position, maxBytes: number): Pull | undefined {
    if (!cacheStart || after.seq < cacheStart.seq) return undefined;
    const index = after.seq - cacheStart.seq;
    const at = index === 0 ? cacheStart : cache[index - 1]?.record;
    if (at?.epoch !== after.epoch) return undefined;
    if (cache.length - index > mergeBeyond) {
      return encodeMerged(
        cache.slice(index).map((cached) => cached.record),
        after,
        maxBytes,
      );
    }
    const blocks: Uint8Array[] = [];
    let bytes = 0;
    let position = after;
    for (let next = index; next < cache.length && bytes < maxBytes; next++) {
      const cached = cache[next];
      if (!cached) break;
      blocks.push(cached.bytes);
      bytes += cached.bytes.length;
      position = positionOf(cached.record);
      if (cached.end) return { type: "blocks", blocks, position, end: true };
    }
    return { type: "blocks", blocks, position, end: false };
  }

  async function pullFromLog(after: Position, maxBytes: number): Promise<Pull> {
    const page = await log.read(logId, after, pageLimit);
    if (page.type !== "records") return page;
    // The first reader that stands at the end starts the tail; nobody has to read that part again.
    if (page.records.length === 0) cacheStart ??= after;
    return encodeMerged(page.records, after, maxBytes);
  }

  function encodeMerged(records: readonly LogRecord[], after: Position, maxBytes: number): Pull {
    const blocks: Uint8Array[] = [];
    let bytes = 0;
    let position = after;
    for (const record of format.merge(records)) {
      if (bytes >= maxBytes) break;
      const encoded = format.encode(record);
      blocks.push(encoded.bytes);
      bytes += encoded.bytes.length;
      position = positionOf(record);
      if (encoded.end) return { type: "blocks", blocks, position, end: true };
    }
    return { type: "blocks", blocks, position, end: false };
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
        // What was stored between a reader's first pull and now has woken nobody.
        wake();
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

/** A feed of records that no longer change. */
export function createFixedFeed(records: readonly LogRecord[], format: RecordFormat): Feed {
  return {
    pull(after, maxBytes) {
      const blocks: Uint8Array[] = [];
      let bytes = 0;
      let position = after;
      let end = false;
      for (const record of records) {
        if (record.seq <= after.seq) continue;
        if (bytes >= maxBytes || end) break;
        const encoded = format.encode(record);
        blocks.push(encoded.bytes);
        bytes += encoded.bytes.length;
        position = positionOf(record);
        end = encoded.end;
      }
      return { type: "blocks", blocks, position, end };
    },
    watch: () => () => undefined,
  };
}

function positionOf(record: LogRecord): Position {
  return { epoch: record.epoch, seq: record.seq };
}
