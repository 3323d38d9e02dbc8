/** A feed of records that no longer change: a stored answer whose log has expired. */
import type { LogRecord } from "@typebar/log";
import type { Feed } from "./feed.ts";
import { type EncodedRecord, encodeRecord, fill, type RecordFormat } from "./pull.ts";

/** @param records - In order; the last one is encoded as the end, else a connection would wait for more. */
export function createFixedFeed(records: readonly LogRecord[], format: RecordFormat): Feed {
  function* encodedAfter(seq: number): Generator<EncodedRecord & { record: LogRecord }> {
    for (const record of records) if (record.seq > seq) yield { record, ...encodeRecord(format, record) };
  }
  return {
    pull: (after, maxBytes) => fill(encodedAfter(after.seq), after, maxBytes),
    watch: () => () => undefined,
  };
}
