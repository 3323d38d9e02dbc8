/** When a client is told to come back, should it lose its connection. Called by connection at each open. */
import type { ConnectionTimings } from "./timings.ts";

/** However many there are, nobody waits longer than this beyond `retryMs`. */
const mostSpreadMs = 30_000;

type RetryTimings = Pick<ConnectionTimings, "retryMs" | "retrySpreadMs" | "returnsPerSecond">;

/** In milliseconds. The more are connected, the longer the time over which they are spread: all may be cut off at once. */
export function chooseRetryMs(timings: RetryTimings, openCount: number, random: () => number): number {
  const { retryMs, retrySpreadMs, returnsPerSecond } = timings;
  const herdMs = Math.min(mostSpreadMs, (openCount / returnsPerSecond) * 1000);
  return retryMs + Math.floor(Math.max(retrySpreadMs, herdMs) * random());
}
