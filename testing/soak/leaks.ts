/** What was measured, minute by minute -> what does not return. Called by main. */
import type { Holdings } from "./watch-process.ts";

/** By how much the end may exceed the beginning. */
export type Tolerance = Holdings;

/**
 * The least of the first third beside the least of the last third: what is only late to be cleared away is in one of them, what leaks
 * is in all that follow.
 */
export function findLeaks(holdings: readonly Holdings[], tolerance: Tolerance): string[] {
  const third = Math.max(1, Math.floor(holdings.length / 3));
  return (Object.keys(tolerance) as Array<keyof Tolerance>).flatMap((key) => {
    const before = least(holdings.slice(0, third), key);
    const after = least(holdings.slice(-third), key);
    return after > before + tolerance[key] ? [`${key} grew from ${before} to ${after}`] : [];
  });
}

function least(of: readonly Holdings[], key: keyof Tolerance): number {
  return Math.min(...of.map((each) => each[key]));
}
