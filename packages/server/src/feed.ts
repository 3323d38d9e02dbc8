/** Between a log and its connections: one shared tail, encoded once for all; merged for those who catch up. */
import type { LogRecord, Position, ReadLimit, RecordLog } from "@typebar/log";
import {
  type EncodedRecord,
  encodeRecord,
  type Feed,
  fill,
  type PacketPull,
  type Pull,
  type RecordFormat,
} from "./pull.ts";
import { mergeAhead, readAhead } from "./read-ahead.ts";
import { createTail, type TailEntry } from "./tail.ts";

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

const defaultPageLimit: ReadLimit = { count: 8192, chars: 524_288 };

export function createFeed(options: FeedOptions): Feed {
  const { log, logId, format, cacheBytes = 262_144, mergeBeyond = 8, pollMs = 1000 } = options;
  const { pageLimit = defaultPageLimit } = options;
  const tail = createTail<EncodedRecord>({
    log,
    logId,
    encode: (record) => encodeRecord(format, record),
    sizeOf: ({ bytes }) => bytes.length,
    cacheSize: cacheBytes,
    pollMs,
    pageLimit,
  });
  /** The last answer from the tail: most followers stand at one place and ask for the same. */
  let latest: { epoch: number; afterSeq: number; tailSeq: number; maxBytes: number; pull: PacketPull } | undefined;

  function pullTail(rest: readonly TailEntry<EncodedRecord>[], after: Position, maxBytes: number): PacketPull {
    const { epoch, seq: afterSeq } = after;
    const tailSeq = afterSeq + rest.length;
    if (
      latest?.afterSeq !== afterSeq ||
      latest.tailSeq !== tailSeq ||
      latest.epoch !== epoch ||
      latest.maxBytes !== maxBytes
    ) {
      const pull = fill(rest.length > mergeBeyond ? encodedAll(merge(rest, maxBytes), rest) : rest, after, maxBytes);
      latest = { epoch, afterSeq, tailSeq, maxBytes, pull };
    }
    return latest.pull;
  }

  function merge(rest: readonly TailEntry<EncodedRecord>[], maxBytes: number): LogRecord[] {
    return mergeAhead(
      format,
      rest.map(({ record }) => record),
      maxBytes,
    );
  }

  async function pullFromLog(after: Position, maxBytes: number): Promise<Pull> {
    const page = await readAhead({ log, logId, format, limit: pageLimit }, after, maxBytes);
    if (page.type !== "records") return page;
    // The first reader that stands at the end starts the tail; nobody has to read that part again.
    if (page.records.length === 0) tail.startAt(after);
    return fill(encodedAll(page.records), after, maxBytes);
  }

  /** Encodes only as far as it is asked. What merging left alone is not encoded again. */
  function* encodedAll(
    records: readonly LogRecord[],
    known: readonly TailEntry<EncodedRecord>[] = [],
  ): Generator<TailEntry<EncodedRecord>> {
    const firstSeq = records[0]?.seq ?? 0;
    for (const record of records) {
      const same = known[record.seq - firstSeq];
      yield same?.record === record ? same : { record, ...encodeRecord(format, record) };
    }
  }

  return {
    pull(after, maxBytes) {
      if (tail.vanished && after.seq === 0) return { type: "diverged" };
      const rest = tail.entriesAfter(after);
      if (!rest) return pullFromLog(after, maxBytes);
      return rest.length === 0 ? fill(rest, after, maxBytes) : pullTail(rest, after, maxBytes);
    },

    watch: tail.watch,
  };
}
