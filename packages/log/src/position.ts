/** Whether a reader's position is still one of this log's. Shared by the drivers that check in-process. */
import type { Position } from "./record-log.ts";

/** What has to be known of a log to judge a position. */
export interface PositionContext {
  lastSeq: number;
  trimmedSeq: number;
  /** Epoch of record `trimmedSeq`; 0 where nothing was trimmed. */
  trimmedEpoch: number;
  /** Epoch of a held record. */
  epochOf(seq: number): number | undefined;
}

export function judgePosition(after: Position, log: PositionContext): "ok" | "expired" | "diverged" {
  if (after.seq > log.lastSeq) return "diverged";
  if (after.seq < log.trimmedSeq) return "expired";
  if (after.seq === 0) return "ok";
  const epoch = after.seq === log.trimmedSeq ? log.trimmedEpoch : log.epochOf(after.seq);
  return epoch === after.epoch ? "ok" : "diverged";
}
