/**
 * Slows down whoever guesses passwords from ever new addresses, made up or hired: after many failures, wherever they came
 * from, all wait a little before the next attempt. Used by password-gate.ts. An address that has shown the right password
 * lately is not made to wait, so that programs go on while somebody guesses; attempt-limit.ts still counts its failures.
 */
import { toAddressKey } from "@typebar/server";

const freeFailures = 50;
const firstWaitMs = 125;
const longestWaitMs = 4000;
/** After the failure with the longest wait the count grows no more, so that a quiet while undoes it. */
const mostFailures: number = freeFailures + Math.log2(longestWaitMs / firstWaitMs) + 1;
/** One failure is forgiven in so long. */
const forgiveMs = 30_000;
const maxKnownAddresses = 1000;

export interface OverallLimit {
  /** How long this address still has to wait, in milliseconds; 0: it may try. */
  waitMs: (address: string) => number;
  fail: () => void;
  succeed: (address: string) => void;
}

/** `now` gives milliseconds of any clock that never goes back. */
export function createOverallLimit({ now }: { now: () => number }): OverallLimit {
  let count = 0;
  let countedAtMs = now();
  let waitUntilMs = 0;
  // In the order of the last success, oldest first.
  const known = new Set<string>();
  return {
    waitMs: (address) => (known.has(toAddressKey(address)) ? 0 : Math.max(0, waitUntilMs - now())),
    fail: () => {
      const nowMs = now();
      count = Math.min(mostFailures, Math.max(0, count - (nowMs - countedAtMs) / forgiveMs) + 1);
      countedAtMs = nowMs;
      if (count > freeFailures) waitUntilMs = nowMs + firstWaitMs * 2 ** Math.floor(count - freeFailures - 1);
    },
    succeed: (address) => {
      const key = toAddressKey(address);
      known.delete(key);
      known.add(key);
      const oldest = known.keys().next().value;
      if (known.size > maxKnownAddresses && oldest !== undefined) known.delete(oldest);
    },
  };
}
