/** What a server process holds: memory after a garbage collection, and open files. Read by main. */
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { pathToFileURL } from "node:url";

export interface Holdings {
  heapBytes: number;
  rssBytes: number;
  /** Of buffers, outside of the heap. */
  externalBytes: number;
  openFiles: number;
}

/** A process that was started with `probeOption`, and what it has printed. */
export interface ProbedProcess {
  readonly pid: number | undefined;
  readonly output: string;
}

/** For `NODE_OPTIONS`. */
export const probeOption: string = `--import=${pathToFileURL(join(import.meta.dirname, "memory-probe.ts")).href}`;

const probeLine = /^memory-probe (\{.*\})$/gm;

export async function readHoldings(server: ProbedProcess): Promise<Holdings> {
  const { pid } = server;
  if (pid === undefined) throw new Error("The server does not run");
  const told = countLines(server);
  process.kill(pid, "SIGUSR2");
  while (countLines(server) === told) await sleep(50);
  const line = [...server.output.matchAll(probeLine)].at(-1)?.[1] ?? "{}";
  return { ...(JSON.parse(line) as Omit<Holdings, "openFiles">), openFiles: readdirSync(`/proc/${pid}/fd`).length };
}

function countLines({ output }: ProbedProcess): number {
  return [...output.matchAll(probeLine)].length;
}
