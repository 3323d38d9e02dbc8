/** A clock that is no faster than this process: where the machine has no time for us, it has none for the nodes either. Used by run.ts. */
import { setTimeout as sleep } from "node:timers/promises";

const tickMs = 100;

/** Settles with what `read` finds, looked for at each tick; with `undefined` once so much time has passed in ticks. */
export async function within<Value>(
  ms: number,
  read: () => Promise<Value | undefined> | Value | undefined,
): Promise<Value | undefined> {
  for (let ticks = Math.ceil(ms / tickMs); ; ticks--) {
    const value = await read();
    if (value !== undefined || ticks <= 0) return value;
    await sleep(tickMs);
  }
}
