/**
 * Journal -> segments. Appends go to the journal's end, whatever log they are of: a commit then writes a few pages, where a table
 * sorted by log would write one for each log that grew (measured: 0.8 against 11 µs of CPU a record with 1,000 logs). Some seconds later
 * the records of a log move into one row of `segments`.
 */
import type { DatabaseSync } from "node:sqlite";
import type { LogRecord } from "../../record-log.ts";
import { transact } from "./database.ts";
import type { Head, JournalRecord } from "./heads.ts";

export interface Segments {
  /** The head's journal has begun to grow; it is moved in its turn. */
  add(head: Head): void;
  /**
   * Inside an open transaction: moves what has waited long enough, of what stood in the journal before row `journalEnd`. Call the
   * result once it is committed.
   */
  move(monotonicNowMs: number, journalEnd: number): () => void;
  /** Whether anything waits to be moved. */
  readonly waiting: boolean;
  /** Yields the stored records after `afterSeq`, oldest first, without those that are still in the journal. */
  read(num: number, afterSeq: number): Generator<JournalRecord>;
  /** The same, newest first. */
  readNewestFirst(num: number): Generator<JournalRecord>;
  epochOf(num: number, seq: number): number | undefined;
}

/** How long records stay in the journal. */
const moveAfterMs = 4000;
/** How many logs one transaction moves: the others of the turn wait for it. */
const maxMovedLogs = 32;
/** How many records one row holds, and how many characters of payload: a row is parsed whole by who reads any record of it. */
const maxSegmentRecords = 512;
const maxSegmentChars = 65_536;

type SegmentBody = Array<[atMs: number, payload: string]>;

export function createSegments(database: DatabaseSync): Segments {
  const insert = database.prepare(
    "INSERT INTO segments (log, last_seq, first_seq, epoch, body) VALUES (?, ?, ?, ?, ?)",
  );
  const truncate = database.prepare("DELETE FROM journal WHERE num < ?");
  const after = database.prepare(
    "SELECT first_seq, epoch, body FROM segments WHERE log = ? AND last_seq > ? ORDER BY last_seq",
  );
  const newestFirst = database.prepare(
    "SELECT first_seq, epoch, body FROM segments WHERE log = ? ORDER BY last_seq DESC",
  );
  const epochAt = database.prepare(
    "SELECT first_seq, epoch FROM segments WHERE log = ? AND last_seq >= ? ORDER BY last_seq LIMIT 1",
  );
  /** In the order of their oldest journal record. */
  const waiting = new Set<Head>();

  recover(database, write);

  function write(num: number, records: readonly JournalRecord[]): void {
    for (let from = 0; from < records.length;) {
      const first = records[from];
      if (!first) break;
      const to = from + countSegmentRecords(records, from);
      const body: SegmentBody = records.slice(from, to).map(({ atMs, payload }) => [atMs, payload]);
      insert.run(num, first.seq + body.length - 1, first.seq, first.epoch, JSON.stringify(body));
      from = to;
    }
  }

  return {
    add: (head) => void waiting.add(head),

    move(monotonicNowMs, journalEnd) {
      const moved: Head[] = [];
      let keptFrom = journalEnd;
      for (const head of waiting) {
        if (moved.length >= maxMovedLogs || (!head.isGone && head.journalSinceMs > monotonicNowMs - moveAfterMs)) {
          keptFrom = head.journalNum;
          break;
        }
        if (!head.isGone) write(head.num, head.journal);
        moved.push(head);
      }
      if (moved.length > 0) truncate.run(keptFrom);
      return () => {
        for (const head of moved) {
          waiting.delete(head);
          head.journal = [];
        }
      };
    },

    get waiting() {
      return waiting.size > 0;
    },

    *read(num, afterSeq) {
      for (const row of after.iterate(num, afterSeq)) {
        for (const record of parseSegment(row)) if (record.seq > afterSeq) yield record;
      }
    },

    *readNewestFirst(num) {
      for (const row of newestFirst.iterate(num)) yield* parseSegment(row).toReversed();
    },

    epochOf(num, seq) {
      const row = epochAt.get(num, seq);
      return row && Number(row["first_seq"]) <= seq ? Number(row["epoch"]) : undefined;
    },
  };
}

/** How many records from index `from` on go into one row: at least one. */
function countSegmentRecords(records: readonly JournalRecord[], from: number): number {
  let chars = 0;
  let to = from;
  for (; to < records.length && to - from < maxSegmentRecords; to++) {
    const record = records[to];
    if (!record || record.epoch !== records[from]?.epoch) break;
    chars += record.payload.length;
    if (to > from && chars > maxSegmentChars) break;
  }
  return to - from;
}

function parseSegment(row: Record<string, unknown>): JournalRecord[] {
  const firstSeq = Number(row["first_seq"]);
  const epoch = Number(row["epoch"]);
  const body = JSON.parse(String(row["body"])) as SegmentBody;
  return body.map(([atMs, payload], index) => ({ seq: firstSeq + index, epoch, atMs, payload }));
}

/** At the start: what the former process left in the journal becomes segments; what it had moved already is known by its seq. */
function recover(database: DatabaseSync, write: (num: number, records: readonly JournalRecord[]) => void): void {
  const rows = database
    .prepare(
      `SELECT log, seq, epoch, at_ms, payload FROM journal
       WHERE log IN (SELECT num FROM logs)
         AND seq > coalesce((SELECT max(last_seq) FROM segments WHERE segments.log = journal.log), 0)
       ORDER BY log, seq`,
    )
    .iterate();
  const byLog = new Map<number, JournalRecord[]>();
  for (const row of rows) {
    const record: LogRecord & { atMs: number } = {
      seq: Number(row["seq"]),
      epoch: Number(row["epoch"]),
      atMs: Number(row["at_ms"]),
      payload: String(row["payload"]),
    };
    const num = Number(row["log"]);
    const records = byLog.get(num);
    if (records) records.push(record);
    else byLog.set(num, [record]);
  }
  transact(database, () => {
    for (const [num, records] of byLog) write(num, records);
    database.exec("DELETE FROM journal");
  });
}
