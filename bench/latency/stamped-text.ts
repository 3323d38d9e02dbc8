/** Deltas that say when they were made: latency is the time until a client's socket has them. Shared by every process of the benchmark. */

/** Monotonic and the same in every process of one machine, in microseconds. */
function nowMicros(): number {
  const [seconds, nanoseconds] = process.hrtime();
  return seconds * 1_000_000 + Math.floor(nanoseconds / 1000);
}

/** A delta of a usual length; the stamp is all its text. */
export function stampedDelta(): string {
  return `@${nowMicros()} `;
}

const stamp = /@(\d+) /g;

/** Calls `onLatency` with the age of each stamp in a piece of a stream, in milliseconds. Returns what may be half a stamp at its end. */
export function readStamps(text: string, onLatency: (ms: number) => void): string {
  const now = nowMicros();
  let end = 0;
  for (const match of text.matchAll(stamp)) {
    onLatency((now - Number(match[1])) / 1000);
    end = match.index + match[0].length;
  }
  const half = text.lastIndexOf("@");
  return half >= end ? text.slice(half) : "";
}
