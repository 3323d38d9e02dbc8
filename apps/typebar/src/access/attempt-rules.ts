/** How long somebody has to wait after wrong passwords. Pure; used by own-attempts.ts and shared-attempts.ts. */

/** Wrong passwords of one address, or of all together. All times by one clock, in milliseconds. */
export interface Failures {
  count: number;
  /** When the last one was counted. */
  atMs: number;
  /** Until then nothing is tried. */
  waitUntilMs: number;
}

const address = { freeFailures: 3, firstWaitMs: 1000, longestWaitMs: 15 * 60_000 };
const all = { freeFailures: 50, firstWaitMs: 125, longestWaitMs: 4000 };

/** Without a failure for so long, an address begins anew. */
export const forgetMs: number = 60 * 60_000;
/** One failure of all is forgiven in so long. */
const forgiveMs = 30_000;
/** After the failure with the longest wait the count grows no more, so that a quiet while undoes it. */
const mostOfAll: number = all.freeFailures + Math.log2(all.longestWaitMs / all.firstWaitMs) + 1;
/** After so long nothing is left of the failures of all. */
export const forgiveAllMs: number = mostOfAll * forgiveMs;

export function waitOf(failures: Failures | undefined, nowMs: number): number {
  return Math.max(0, (failures?.waitUntilMs ?? 0) - nowMs);
}

/** One more of an address: from the third on it has to wait, each time twice as long. */
export function failOfAddress(failures: Failures | undefined, nowMs: number): Failures {
  const before = failures && nowMs - failures.atMs <= forgetMs ? failures.count : 0;
  const count = before + 1;
  const { freeFailures, firstWaitMs, longestWaitMs } = address;
  const waitMs = count < freeFailures ? 0 : Math.min(longestWaitMs, firstWaitMs * 2 ** (count - freeFailures));
  return { count, atMs: nowMs, waitUntilMs: nowMs + waitMs };
}

/** One more of all, which slows down whoever guesses from ever new addresses, made up or hired. */
export function failOfAll(failures: Failures | undefined, nowMs: number): Failures {
  const { count: before, atMs, waitUntilMs } = failures ?? { count: 0, atMs: nowMs, waitUntilMs: nowMs };
  const count = Math.min(mostOfAll, Math.max(0, before - (nowMs - atMs) / forgiveMs) + 1);
  if (count <= all.freeFailures) return { count, atMs: nowMs, waitUntilMs };
  return { count, atMs: nowMs, waitUntilMs: nowMs + all.firstWaitMs * 2 ** Math.floor(count - all.freeFailures - 1) };
}
