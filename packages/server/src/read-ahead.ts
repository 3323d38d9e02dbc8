/**
 * As many records as one write needs, merged. Called by the feed for readers that are behind: of small records that merge well
 * thousands are taken, of large ones only a few, because what does not fit is read again for the next write.
 */
import type { LogRecord, Position, ReadLimit, ReadResult, RecordLog } from "@typebar/log";
import { positionOf, type RecordFormat } from "./pull.ts";

export interface ReadAheadOptions {
  log: RecordLog;
  logId: string;
  format: RecordFormat;
  /** How much of the log is read at most. */
  limit: ReadLimit;
}

/** Records merged so far, and the characters of their payloads. */
interface Ahead {
  records: LogRecord[];
  chars: number;
}

/** Reads the log after a position, in growing pages, until `maxBytes` are together. */
export async function readAhead(options: ReadAheadOptions, after: Position, maxBytes: number): Promise<ReadResult> {
  const { log, logId, format, limit } = options;
  const ahead: Ahead = { records: [], chars: 0 };
  let position = after;
  let { count, chars } = limit;
  for (let pageChars = firstChars(maxBytes); count > 0 && chars > 0; pageChars *= 2) {
    const limitChars = Math.min(pageChars, chars);
    const page = await log.read(logId, position, { count, chars: limitChars });
    // What was read before the log was trimmed or removed stands; the next pull says what happened.
    if (page.type !== "records" && ahead.records.length === 0) return page;
    const last = page.type === "records" ? page.records.at(-1) : undefined;
    if (page.type !== "records" || !last) break;
    addMerged(format, ahead, page.records);
    const readChars = countChars(page.records);
    // A page half empty is the log's last, or a large record comes next. At the end nothing is waited for: what is there goes out.
    if (ahead.chars >= maxBytes || readChars < limitChars / 2) break;
    position = positionOf(last);
    count -= page.records.length;
    chars -= readChars;
  }
  return { type: "records", records: ahead.records };
}

/** The same for records that are at hand. */
export function mergeAhead(format: RecordFormat, records: readonly LogRecord[], maxBytes: number): LogRecord[] {
  const ahead: Ahead = { records: [], chars: 0 };
  let from = 0;
  for (let pageChars = firstChars(maxBytes); from < records.length && ahead.chars < maxBytes; pageChars *= 2) {
    let to = from;
    for (let chars = 0; to < records.length && chars < pageChars; to++) chars += records[to]?.payload.length ?? 0;
    addMerged(format, ahead, records.slice(from, to));
    from = to;
  }
  return ahead.records;
}

/** Twice a write: a record that just does not fit into it is written too, and need not be read again. */
function firstChars(maxBytes: number): number {
  return Math.max(1, 2 * maxBytes);
}

function countChars(records: readonly LogRecord[]): number {
  return records.reduce((sum, { payload }) => sum + payload.length, 0);
}

/** Only the last record so far can be joined with those that follow. */
function addMerged(format: RecordFormat, ahead: Ahead, page: readonly LogRecord[]): void {
  const open = ahead.records.pop();
  if (open) ahead.chars -= open.payload.length;
  const merged = format.merge(open ? [open, ...page] : page);
  for (const record of merged) ahead.records.push(record);
  ahead.chars += countChars(merged);
}
