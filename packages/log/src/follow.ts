/** Pages of records after a position; then waits for more. Called by server/feed and by whoever reads a log live. */
import type { Position, ReadLimit, ReadResult, RecordLog } from "./record-log.ts";

export interface FollowOptions {
  /** Ends the following; the iteration then returns without an error. */
  signal: AbortSignal;
  /** @defaultValue 1,000 records or 1,048,576 characters */
  limit?: ReadLimit;
  /**
   * Reads again after so long without a wake-up, in milliseconds: what a lost wake-up costs at most.
   *
   * @defaultValue 1000
   */
  pollMs?: number;
}

const defaultLimit: ReadLimit = { count: 1000, chars: 1_048_576 };

/**
 * Yields every record after `after`, in order, in batches that are never empty. `expired` or `diverged` is yielded once and ends it;
 * `diverged` also where the log is removed while its first record is waited for.
 * The next page is read when the consumer asks for it: nothing is buffered.
 */
export async function* follow(
  log: RecordLog,
  logId: string,
  after: Position,
  options: FollowOptions,
): AsyncGenerator<ReadResult, void, undefined> {
  const { signal, limit = defaultLimit, pollMs = 1000 } = options;
  let position = after;
  let woken = false;
  let wake: (() => void) | undefined;
  /** The log has been there: if it is not any more, no record is to be waited for. */
  let existed = false;
  const onWakeUp = (): void => {
    woken = true;
    wake?.();
  };
  const unwatch = log.watch(logId, (wakeUp) => {
    if (wakeUp === "remove") existed = true;
    onWakeUp();
  });
  const poll = setInterval(onWakeUp, pollMs);
  signal.addEventListener("abort", onWakeUp);
  try {
    while (!signal.aborted) {
      // Cleared before the read: a record stored during the read wakes again.
      woken = false;
      const page = await log.read(logId, position, limit);
      if (signal.aborted) return;
      if (page.type !== "records") {
        yield page;
        return;
      }
      const last = page.records.at(-1);
      if (last) {
        position = { epoch: last.epoch, seq: last.seq };
        yield page;
        continue;
      }
      if (position.seq === 0) {
        const exists = (await log.head(logId)) !== undefined;
        if (existed && !exists) {
          yield { type: "diverged" };
          return;
        }
        existed = exists;
      }
      if (woken || signal.aborted) continue;
      await new Promise<void>((resolve) => void (wake = resolve));
      wake = undefined;
    }
  } finally {
    unwatch();
    clearInterval(poll);
    signal.removeEventListener("abort", onWakeUp);
  }
}
