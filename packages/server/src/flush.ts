/** When what was published is told of: once per turn of the event loop, or once per window. Used by channel-feed and send-queue. */

export interface Flush {
  /** Something is to be told of; soon, and once however often this is called until then. */
  schedule(): void;
  cancel(): void;
}

/** @param flushMs - Length of the window in milliseconds; 0: the end of the present turn, so that all its events leave together. */
export function createFlush(tell: () => void, flushMs: number): Flush {
  let scheduled: { cancel: () => void } | undefined;

  function run(): void {
    scheduled = undefined;
    tell();
  }

  return {
    schedule() {
      if (scheduled) return;
      if (flushMs > 0) {
        const timer = setTimeout(run, flushMs);
        scheduled = { cancel: () => clearTimeout(timer) };
      } else {
        const immediate = setImmediate(run);
        scheduled = { cancel: () => clearImmediate(immediate) };
      }
    },
    cancel() {
      scheduled?.cancel();
      scheduled = undefined;
    },
  };
}
