/** A program of a benchmark in its own process: its first line is its address, and it ends with its standard input. */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";

export interface BenchProcess extends AsyncDisposable {
  /** What it printed first. */
  readonly url: string;
  /** Ends it with SIGKILL. */
  kill(): Promise<void>;
}

export async function openBenchProcess(path: string, args: readonly string[]): Promise<BenchProcess> {
  const child: ChildProcess = spawn(process.execPath, ["--conditions", "typebar-source", path, ...args], {
    stdio: ["pipe", "pipe", "inherit"],
  });
  if (child.stdout === null) throw new Error("a child without output");
  const lines = createInterface({ input: child.stdout });
  const [url] = (await Promise.race([once(lines, "line"), once(lines, "close")])) as [string?];
  if (url === undefined) throw new Error(`${path} ended before it was ready`);
  async function kill(): Promise<void> {
    if (child.exitCode !== null || child.signalCode !== null) return;
    const ended = once(child, "exit");
    child.kill("SIGKILL");
    await ended;
  }
  return { url, kill, [Symbol.asyncDispose]: kill };
}
