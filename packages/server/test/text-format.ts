/** A format whose records are pieces of text: what any reader has seen, joined, must be a stretch of the text. */
import type { LogRecord, Position, RecordLog } from "@typebar/log";
import type { RecordFormat } from "../src/index.ts";

/** Nothing comes after a payload that begins so. */
export const endPayload = "[END]";

const longestMergedPayload = 200;

export interface CountingFormat extends RecordFormat {
  encodeCount: number;
  mergeCount: number;
}

export function createTextFormat(): CountingFormat {
  return {
    encodeCount: 0,
    mergeCount: 0,
    toEvent(record) {
      this.encodeCount += 1;
      return { data: record.payload, id: formatId(record), end: record.payload.startsWith(endPayload) };
    },
    merge(records) {
      this.mergeCount += 1;
      const merged: LogRecord[] = [];
      for (const record of records) {
        const last = merged.at(-1);
        const joined = (last?.payload ?? "") + record.payload;
        if (last && !record.payload.startsWith(endPayload) && joined.length <= longestMergedPayload) {
          merged[merged.length - 1] = { ...record, payload: joined };
        } else {
          merged.push(record);
        }
      }
      return merged;
    },
  };
}

export function formatId(position: Position): string {
  return `${position.epoch}.${position.seq}`;
}

export function parseId(id: string): Position {
  const [epoch = 0, seq = 0] = id.split(".").map(Number);
  return { epoch, seq };
}

/** Pieces `0,` to `9,`, then `10,` …: each different from all others. */
export function pieces(from: number, count: number): string[] {
  return Array.from({ length: count }, (_, index) => `${from + index},`);
}

export interface Writer {
  append(...payloads: string[]): Promise<Position>;
  position: Position;
}

export async function openWriter(log: RecordLog, logId: string): Promise<Writer> {
  const lease = await log.acquire(logId, { holder: "test", ttlMs: 60_000 });
  if (!lease) throw new Error("the lease was not free");
  const writer: Writer = {
    position: { epoch: lease.epoch, seq: lease.seq },
    append(...payloads) {
      const expected = writer.position;
      writer.position = { epoch: expected.epoch, seq: expected.seq + payloads.length };
      return log.append(logId, expected, payloads).then(({ position }) => position);
    },
  };
  return writer;
}
