/** Chunks <-> records of a generation's log, and their blocks on the wire. Passed to server/feed as its format. */
import type { LogRecord } from "@typebar/log";
import type { OutgoingEvent, RecordFormat } from "@typebar/server";
import { formatEventId } from "../ids.ts";
import { type Chunk, closeData, type Reset } from "../protocol.ts";

/** A chunk, or the mark that nothing follows: what a record of a generation's log holds. */
export type StoredChunk = Chunk | { type: "close" };

const closePayload = JSON.stringify({ type: "close" } satisfies StoredChunk);

/** How large a merged chunk may be, in bytes of JSON. */
const maxMergedBytes = 32_768;

export function toPayload(chunk: StoredChunk): string {
  return JSON.stringify(chunk);
}

export function fromPayload(payload: string): StoredChunk {
  return JSON.parse(payload) as StoredChunk;
}

/** How the records of one generation are written and merged. */
export function createChunkFormat(generationId: string): RecordFormat {
  return {
    toEvent({ payload, epoch, seq }) {
      const id = formatEventId(generationId, { epoch, seq });
      if (payload === closePayload) {
        return { event: "close", data: closeData, id, end: true };
      }
      return { data: payload, id, end: false };
    },
    merge: mergeDeltas,
  };
}

/**
 * The event that tells a client to drop what it has. Its ID stands before the first record of the log as it is now: a client that
 * saw only this event goes on at the start, and one that filters IDs it has seen does not take it for an old event.
 */
export function toResetEvent(reset: Reset, generationId: string, epoch: number): OutgoingEvent {
  return {
    event: "reset",
    data: JSON.stringify(reset),
    id: formatEventId(generationId, { epoch, seq: 0 }),
  };
}

interface Run {
  type: "text-delta" | "reasoning-delta";
  id: string;
  delta: string;
  bytes: number;
  last: LogRecord;
  count: number;
}

/**
 * Joins neighbouring deltas of one part. The joined text is the same to the byte; each result stands under the position of the
 * last record in it, so that an ID never names text that its reader has not been given.
 */
export function mergeDeltas(records: readonly LogRecord[]): LogRecord[] {
  const merged: LogRecord[] = [];
  let run: Run | undefined;
  const endRun = (): void => {
    if (!run) return;
    const { type, id, delta, last, count } = run;
    merged.push(count === 1 ? last : { ...last, payload: toPayload({ type, id, delta }) });
    run = undefined;
  };
  for (const record of records) {
    const chunk = parseDelta(record.payload);
    if (!chunk) {
      endRun();
      merged.push(record);
      continue;
    }
    const payloadBytes = Buffer.byteLength(record.payload);
    if (run && (run.type !== chunk.type || run.id !== chunk.id)) endRun();
    const deltaBytes = payloadBytes - emptyDeltaBytes(chunk.type, chunk.id);
    if (run && run.bytes + deltaBytes > maxMergedBytes) endRun();
    if (run) {
      run.delta += chunk.delta;
      run.bytes += deltaBytes;
      run.last = record;
      run.count += 1;
    } else {
      run = { ...chunk, bytes: payloadBytes, last: record, count: 1 };
    }
  }
  endRun();
  return merged;
}

function parseDelta(payload: string): Pick<Run, "type" | "id" | "delta"> | undefined {
  if (!payload.startsWith('{"type":"text-delta"') && !payload.startsWith('{"type":"reasoning-delta"')) return undefined;
  const chunk = fromPayload(payload);
  return chunk.type === "text-delta" || chunk.type === "reasoning-delta" ? chunk : undefined;
}

function emptyDeltaBytes(type: Run["type"], id: string): number {
  return `{"type":"","id":"","delta":""}`.length + type.length + id.length;
}
