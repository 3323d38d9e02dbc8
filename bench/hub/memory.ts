/** What a subject's processes hold, read from /proc. Called by idle.ts and stalled.ts. */
import { readFileSync, readdirSync, readlinkSync } from "node:fs";

/** Resident memory in KiB; what several of the processes share counts once. */
export function residentKib(pids: readonly number[]): number {
  return pids.reduce((sum, pid) => {
    const pss = /^Pss:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/smaps_rollup`, "utf8"))?.[1];
    if (pss === undefined) throw new Error(`/proc/${pid}/smaps_rollup does not say what is resident`);
    return sum + Number(pss);
  }, 0);
}

/** Sockets that the processes have open. */
export function openSockets(pids: readonly number[]): number {
  return pids.reduce((sum, pid) => {
    const descriptors = readdirSync(`/proc/${pid}/fd`);
    return sum + descriptors.filter((descriptor) => isSocket(`/proc/${pid}/fd/${descriptor}`)).length;
  }, 0);
}

function isSocket(path: string): boolean {
  try {
    return readlinkSync(path).startsWith("socket:");
  } catch {
    // Closed since it was listed.
    return false;
  }
}
