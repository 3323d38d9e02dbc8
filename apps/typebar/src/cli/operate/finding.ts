/** What `typebar doctor` says of one thing that it looked at. Made by the checks, shown by doctor.ts. */

export interface Finding {
  /** `warning`: it works, but not as well or as safely as it could. */
  level: "ok" | "warning" | "problem";
  /** What was looked at, and how it is. One sentence. */
  text: string;
  /** What to do about it. */
  advice?: string;
}

export const ok = (text: string): Finding => ({ level: "ok", text });
export const warning = (text: string, advice: string): Finding => ({ level: "warning", text, advice });
export const problem = (text: string, advice: string): Finding => ({ level: "problem", text, advice });

/** Further than this apart, the times of messages made by different servers stand in a wrong order. */
const maxClockDifferenceMs = 2000;

/** @param sentMs - When the other was asked, by this machine's clock; `receivedMs` when it had answered. */
export function judgeClock(name: string, theirMs: number, sentMs: number, receivedMs: number): Finding {
  // Their answer was given at some time in between.
  const aheadMs = theirMs > receivedMs ? theirMs - receivedMs : Math.min(0, theirMs - sentMs);
  if (Math.abs(aheadMs) <= maxClockDifferenceMs) return ok(`${name}'s clock and this machine's agree.`);
  const side = aheadMs > 0 ? "ahead of" : "behind";
  return warning(
    `${name}'s clock is ${(Math.abs(aheadMs) / 1000).toFixed(1)} s ${side} this machine's.`,
    "Set both by a time server (NTP): messages are ordered by the clock of the server that stored them.",
  );
}
