/** Whether a sink takes what it is given. Used by connection, whenever a write has not left at once. */
import type { Sink } from "./sink.ts";
import type { TimerWheel } from "./timer-wheel.ts";

/** How often it is looked during the time-out. The end comes this part of it late at most. */
const looks = 8;

/**
 * Calls back once when the sink takes no byte for `timeoutMs`. Ends by itself as soon as nothing waits to leave.
 *
 * Node's own time-out would not do: it takes the first part of a write that leaves for progress whenever it looks, and every
 * write of ours as well, so that a reader that stopped has up to twice as long.
 *
 * @returns whether it is still watching.
 */
export function watchProgress(
  sink: Sink,
  wheel: TimerWheel,
  timeoutMs: number,
  onStalled: () => void,
): { readonly isWatching: boolean; cancel(): void } {
  let lastLeft = sink.describeLeft();
  // Looks are counted, not time: a process that was halted meanwhile has given its readers no time at all.
  let looksWithoutProgress = 0;
  let isWatching = true;
  let timer = wheel.after(wheel.toTurns(timeoutMs / looks), look);

  function look(): void {
    const left = sink.describeLeft();
    looksWithoutProgress = left === lastLeft ? looksWithoutProgress + 1 : 0;
    lastLeft = left;
    isWatching = sink.isBehind && looksWithoutProgress < looks;
    if (isWatching) timer = wheel.after(wheel.toTurns(timeoutMs / looks), look);
    else if (sink.isBehind) onStalled();
  }

  return {
    get isWatching() {
      return isWatching;
    },
    cancel() {
      isWatching = false;
      timer.cancel();
    },
  };
}
