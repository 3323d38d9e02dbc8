/** A feed of records that no longer change: a stored answer whose log has expired. */
import type { LogRecord, Position } from "@typebar/log";
import { type EncodedRecord, encodeRecord, type Feed, fill, type RecordFormat } from "./pull.ts";

/** @param records - In order; the last one is encoded as the end, else a connection would wait for more. */
export function createFixedFeed(records: readonly LogRecord[], format: RecordFormat): Feed {
  function* encodedAfter(after: Position): Generator<EncodedRecord & { record: LogRecord }> {
    const index = records.findIndex((record) => record.epoch === after.epoch && record.seq === after.seq);
    for (const record of records.slice(index + 1)) yield { record, ...encodeRecord(format, record) };
  }
  return {
    pull: (after, maxBytes) => fill(encodedAfter(after), after, maxBytes),
    watch: () => () => undefined,
  };
}
