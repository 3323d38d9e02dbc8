/** Notices silence. attempt.ts starts one per connection and tells it when it begins and ends to wait for bytes. */

import { maxTimerMs } from "@typebar/sse";

/** Time, passed in. */
export interface Clock {
  /** Milliseconds on a clock that goes on while the machine sleeps. */
  now(): number;
  /** Calls back once after `delayMs`. */
  setTimeout(callback: () => void, delayMs: number): unknown;
  clearTimeout(timer: unknown): void;
}

export const systemClock: Clock = {
  now: () => Date.now(),
  setTimeout: (callback, delayMs) => globalThis.setTimeout(callback, delayMs),
  clearTimeout: (timer) => globalThis.clearTimeout(timer as number),
};

export interface Watchdog {
  /** Bytes are being waited for from now on. */
  watch(): void;
  /** They came. The time until the next `watch` is the consumer's, and no silence. */
  rest(): void;
  /** Looks at the clock now; timers stand still while a device sleeps. */
  check(): void;
  stop(): void;
}

/**
 * One timer for all reads of a connection: setting one for each read would cost as much as parsing an event.
 *
 * @param silenceMs - `Infinity` never barks.
 */
export function createWatchdog(clock: Clock, silenceMs: number, onSilence: () => void): Watchdog {
  // When the present wait began; `undefined` between two waits.
  let sinceMs: number | undefined;
  let timer: unknown;
  let stopped = false;

  const check = (): void => {
    if (stopped) return;
    clock.clearTimeout(timer);
    const silentMs = sinceMs === undefined ? 0 : clock.now() - sinceMs;
    if (silentMs >= silenceMs) onSilence();
    else timer = clock.setTimeout(check, Math.min(maxTimerMs, silenceMs - silentMs));
  };
  check();

  return {
    watch() {
      sinceMs = clock.now();
    },
    rest() {
      sinceMs = undefined;
    },
    check,
    stop() {
      stopped = true;
      clock.clearTimeout(timer);
    },
  };
}
