/**
 * The file of `typebar export`: one JSON object a line. First what it is, then rows, then the logs of answers that have not ended, last how
 * many there were: a file that was cut off is seen. Read and written by export.ts and import.ts.
 */
import type { DumpedRow } from "@typebar/chat/operate";
import { dumpedTables } from "@typebar/chat/operate";
import type { LogRecord } from "@typebar/log";
import * as v from "valibot";
import { OperationError } from "./operation.ts";

const version = 1;

export interface DumpHead {
  typebarExport: typeof version;
  /** The last step that its database had been through. */
  migration: string;
}

/** An answer that has not ended: what is stored of it nowhere else. */
export interface DumpedLog {
  log: string;
  records: Pick<LogRecord, "payload">[];
}

export interface DumpEnd {
  end: { rows: number; logs: number };
}

export type DumpLine = DumpHead | DumpedRow | DumpedLog | DumpEnd;

const head = v.strictObject({ typebarExport: v.literal(version), migration: v.string() });
const row = v.strictObject({ table: v.picklist(dumpedTables), row: v.record(v.string(), v.unknown()) });
const log = v.strictObject({ log: v.string(), records: v.array(v.strictObject({ payload: v.string() })) });
const end = v.strictObject({ end: v.strictObject({ rows: v.number(), logs: v.number() }) });
const line = v.union([head, row, log, end]);

export const toHead = (migration: string): DumpHead => ({ typebarExport: version, migration });

/** @throws {OperationError} a line is none of an export. */
export function parseLine(text: string, number: number): DumpLine {
  try {
    return v.parse(line, JSON.parse(text));
  } catch (cause) {
    throw new OperationError(`Line ${number} is not one of a Typebar export; nothing was imported.`, { cause });
  }
}
