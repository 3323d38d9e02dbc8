/** Starts the load generator on its core and reads its results. Called by the parts of the benchmark. */
import { spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { endProcess } from "./subject-process.ts";

export interface LoadSetup {
  /** Path of the program. */
  program: string;
  core: number;
}

export interface LoadTarget {
  port: number;
  pids: readonly number[];
}

/** A stretch of time in which everything was counted. */
export interface LoadWindow {
  /** Messages delivered, to all followers together. */
  perSecond: number;
  seconds: number;
  serverCpuSeconds: number;
  /** The server was ready to run, and other programs ran. */
  serverWaitedSeconds: number;
  loadCpuSeconds: number;
  loadWaitedSeconds: number;
}

/** What no subject may do; all are 0 where all is well, but for `published`. */
export interface LoadChecks {
  published: number;
  /** The server took messages so slowly that these were not sent. */
  unpublished: number;
  /** Messages that did not reach every follower. */
  incomplete: number;
  /** Deliveries in another order than the others', or twice. */
  misordered: number;
  /** Deliveries of another length than what was published. */
  malformed: number;
  /** Followers whose connection was closed. */
  closed: number;
}

export interface RunningLoad extends AsyncDisposable {
  /** The next line of its output. */
  next<Result>(): Promise<Result>;
  tell(line: string): void;
}

export type LoadMode = "saturate" | "paced" | "idle" | "stalled";

export function openLoad(
  { program, core }: LoadSetup,
  mode: LoadMode,
  { port, pids }: LoadTarget,
  options: Readonly<Record<string, number | string>>,
): RunningLoad {
  const pairs = Object.entries({ port, pids: pids.join(","), ...options }).map(([key, value]) => `${key}=${value}`);
  const child = spawn("taskset", ["-c", String(core), program, mode, ...pairs], { stdio: ["pipe", "pipe", "inherit"] });
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  return {
    async next<Result>() {
      const line = await lines.next();
      if (line.done === true) throw new Error(`The load generator ended early: ${mode} ${pairs.join(" ")}`);
      return parseLine(line.value) as Result;
    },
    tell: (line) => void child.stdin.write(`${line}\n`),
    [Symbol.asyncDispose]: () => endProcess(child, "SIGKILL"),
  };
}

/** One that gives a single result and ends. */
export async function runLoad<Result>(...args: Parameters<typeof openLoad>): Promise<Result> {
  await using load = openLoad(...args);
  return await load.next<Result>();
}

/** It may have ended in the middle of a line. */
function parseLine(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch (cause) {
    throw new Error(`The load generator ended within a result: ${line}`, { cause });
  }
}
