/**
 * Slows down whoever guesses passwords: after a few failures an address has to wait, each time twice as long.
 * Used by password-gate.ts. Another address is not made to wait, and whoever is signed in is never asked.
 */
import { toAddressKey } from "@typebar/server";

const freeFailures = 3;
const firstWaitMs = 1000;
const longestWaitMs = 15 * 60_000;
/** Without a failure for so long, an address begins anew. */
const forgetMs = 60 * 60_000;
/** An attacker with many addresses drives out the oldest, and can hold no more memory than this. */
const maxAddresses = 10_000;

interface Failures {
  count: number;
  /** Until then nothing is tried. */
  waitUntilMs: number;
  lastMs: number;
}

export interface AttemptLimit {
  /** How long this address still has to wait, in milliseconds; 0: it may try. */
  waitMs: (address: string) => number;
  fail: (address: string) => void;
  succeed: (address: string) => void;
}

/** `now` gives milliseconds of any clock that never goes back. */
export function createAttemptLimit(options: { now: () => number }): AttemptLimit {
  const { now } = options;
  // In the order of the last failure, oldest first.
  const failures = new Map<string, Failures>();
  const read = (key: string): Failures | undefined => {
    const found = failures.get(key);
    if (found === undefined || now() - found.lastMs <= forgetMs) return found;
    failures.delete(key);
    return undefined;
  };
  return {
    waitMs: (address) => Math.max(0, (read(toAddressKey(address))?.waitUntilMs ?? 0) - now()),
    fail: (address) => {
      const key = toAddressKey(address);
      const count = (read(key)?.count ?? 0) + 1;
      failures.delete(key);
      failures.set(key, { count, lastMs: now(), waitUntilMs: now() + waitAfter(count) });
      const oldest = failures.keys().next().value;
      if (failures.size > maxAddresses && oldest !== undefined) failures.delete(oldest);
    },
    succeed: (address) => {
      failures.delete(toAddressKey(address));
    },
  };
}

function waitAfter(count: number): number {
  return count < freeFailures ? 0 : Math.min(longestWaitMs, firstWaitMs * 2 ** (count - freeFailures));
}
