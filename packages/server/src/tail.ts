/** The newest records of one log, read and encoded once for all that follow it. Used by the feeds. */
import { setTimeout as wait } from "node:timers/promises";
import { follow, LogError, type LogRecord, type Position, type ReadLimit, type RecordLog } from "@typebar/log";
import { positionOf } from "./pull.ts";

/** A record with what was made of it. */
export type TailEntry<E> = E & { readonly record: LogRecord };

export interface Tail<E> {
  /** What comes after a position, or `undefined` if it is not held: then the log is to be read. */
  entriesAfter(position: Position): readonly TailEntry<E>[] | undefined;
  /** A reader found the end of the log there. From there on it is read once for all, as long as somebody watches. */
  startAt(position: Position): void;
  /** The log was removed while its first record was waited for: the log itself says only that there is none. */
  readonly vanished: boolean;
  /** Calls `listener` when there may be more than there was now. Returns the way to end it. */
  watch(listener: () => void): () => void;
}

export interface TailOptions<E> {
  log: RecordLog;
  logId: string;
  /** Called once per record, however many follow. */
  encode: (record: LogRecord) => E;
  sizeOf: (encoded: E) => number;
  /** How much is kept, by `sizeOf`; who is further behind reads the log. */
  cacheSize: number;
  /** How long a lost wake-up can go unnoticed, in milliseconds. */
  pollMs: number;
  /** How much of the log is read at once. */
  pageLimit: ReadLimit;
}

export function createTail<E>(options: TailOptions<E>): Tail<E> {
  const { log, logId, encode, sizeOf, cacheSize, pollMs, pageLimit } = options;
  const listeners = new Set<() => void>();
  /** The newest records, contiguous, ending at the tail. */
  let cache: TailEntry<E>[] = [];
  let cachedSize = 0;
  /** Position just before `cache[0]`. `undefined` until a reader has reached the end of the log. */
  let cacheStart: Position | undefined;
  /** Ends the reading of the tail; there is one while `cacheStart` is known. */
  let tailing: AbortController | undefined;
  let vanished = false;

  const end = (): Position | undefined => {
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
    cachedSize = 0;
    cacheStart = undefined;
    vanished = false;
  }

  function remember(records: readonly LogRecord[]): void {
    for (const record of records) {
      const encoded = encode(record);
      cache.push({ ...encoded, record });
      cachedSize += sizeOf(encoded);
    }
    // A quarter at a time, so that not each record costs a copy of the cache.
    if (cachedSize <= cacheSize) return;
    let dropped = 0;
    for (const entry of cache) {
      if (cachedSize <= cacheSize * 0.75) break;
      cachedSize -= sizeOf(entry);
      dropped += 1;
    }
    const last = cache[dropped - 1];
    if (!last) return;
    cacheStart = positionOf(last.record);
    cache = cache.slice(dropped);
  }

  /** Reads what comes after a position, once for all, and tells the connections. */
  async function read(from: Position): Promise<void> {
    cacheStart = from;
    const { signal } = (tailing = new AbortController());
    while (!signal.aborted) {
      try {
        for await (const page of follow(log, logId, end() ?? from, { signal, limit: pageLimit, pollMs })) {
          if (page.type === "records") {
            remember(page.records);
          } else {
            const atStart = end()?.seq === 0;
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

  return {
    entriesAfter(position) {
      if (!cacheStart || position.seq < cacheStart.seq) return undefined;
      const index = position.seq - cacheStart.seq;
      const at = index === 0 ? cacheStart : cache[index - 1]?.record;
      return at?.epoch === position.epoch ? cache.slice(index) : undefined;
    },
    startAt(position) {
      if (!cacheStart && listeners.size > 0) void read(position);
    },
    get vanished() {
      return vanished;
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
