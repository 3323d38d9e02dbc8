/** Chunks of one generation -> appends to its log, one at a time, retried while the store refuses. Called by generation/produce. */
import { type Lease, LogError, type RecordLog } from "@typebar/log";
import { type StoredChunk, toPayload } from "./records.ts";

export interface LogWriter {
  /** Queues chunks. What is pushed at once is stored at once or not at all. */
  push(chunks: readonly StoredChunk[]): void;
  /** Settles when so little waits that more may be pushed; never rejects. */
  room(): Promise<void> | undefined;
  /** Settles when nothing waits any more: with `true` if everything pushed is stored. */
  flushed(): Promise<boolean>;
  /** Gives up what is not stored yet. */
  abandon(): void;
}

export interface LogWriterOptions {
  log: RecordLog;
  lease: Lease;
  /** Of the last record. */
  seq: number;
  /** The store said, with an append, that a stop was requested. */
  onStop: () => void;
  /** Another process writes this log now: nothing more is stored. */
  onFenced: () => void;
  /** The store has refused for `giveUpMs`; appends are still tried. */
  onRefused: () => void;
  giveUpMs: number;
}

const maxWaitingChars = 1_048_576;
const firstRetryMs = 50;
const maxRetryMs = 2000;

export function createLogWriter(options: LogWriterOptions): LogWriter {
  const { log, lease, onStop, onFenced, onRefused, giveUpMs } = options;
  let { seq } = options;
  let waiting: string[] = [];
  let waitingChars = 0;
  let writing: Promise<void> | undefined;
  let ended = false;
  let wakeRetry: (() => void) | undefined;

  async function writeAll(): Promise<void> {
    let refusedSinceMs: number | undefined;
    let retryMs = firstRetryMs;
    while (waiting.length > 0 && !ended) {
      const batch = waiting;
      waiting = [];
      waitingChars = 0;
      try {
        const { position, stop } = await log.append(lease.logId, { epoch: lease.epoch, seq }, batch);
        seq = position.seq;
        refusedSinceMs = undefined;
        retryMs = firstRetryMs;
        if (stop) onStop();
      } catch (error) {
        if (error instanceof LogError && error.code === "fenced") {
          ended = true;
          onFenced();
          return;
        }
        waiting = [...batch, ...waiting];
        waitingChars = waiting.reduce((sum, payload) => sum + payload.length, 0);
        const nowMs = performance.now();
        refusedSinceMs ??= nowMs;
        if (nowMs - refusedSinceMs >= giveUpMs) onRefused();
        await new Promise<void>((resolve) => {
          const timer = setTimeout(resolve, retryMs);
          wakeRetry = () => {
            clearTimeout(timer);
            resolve();
          };
        });
        retryMs = Math.min(retryMs * 2, maxRetryMs);
      }
    }
    writing = undefined;
  }

  return {
    push(chunks) {
      if (ended) return;
      for (const chunk of chunks) {
        const payload = toPayload(chunk);
        waiting.push(payload);
        waitingChars += payload.length;
      }
      if (waiting.length > 0) writing ??= writeAll();
    },
    room: () => (waitingChars > maxWaitingChars ? writing : undefined),
    async flushed() {
      await writing;
      return !ended;
    },
    abandon() {
      ended = true;
      wakeRetry?.();
    },
  };
}
