/** Starts hub-main, kills it and starts it again on the same log and port. Used by the herd's test and its benchmark. */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface, type Interface } from "node:readline";
import { findFreePort } from "../typebar-process.ts";

export interface HubProcessOptions {
  /** Between two events, in milliseconds. */
  publishMs: number;
  /** What each connection is told to wait before it comes back, in milliseconds: at least `retryMs`, up to `retrySpreadMs` more. */
  retryMs: number;
  retrySpreadMs: number;
}

export interface HubProcess extends AsyncDisposable {
  readonly port: number;
  /** Of the process that was started last. */
  readonly pid: number;
  /** `kill -9`, and a start on the same log and port; settles when it listens. */
  killAndRestart(): Promise<void>;
  /** It resets all its connections at once. */
  cut(): void;
  /** It publishes nothing more. Settles with the number of the last event. */
  stop(): Promise<number>;
}

const mainPath = join(import.meta.dirname, "hub-main.ts");

export async function openHubProcess(options: HubProcessOptions): Promise<HubProcess> {
  const { publishMs, retryMs, retrySpreadMs } = options;
  const dataDir = await mkdtemp(join(tmpdir(), "typebar-herd-"));
  const port = await findFreePort();
  const args = [port, join(dataDir, "log.db"), publishMs, retryMs, retrySpreadMs].map(String);
  let running = await start();

  async function start(): Promise<{ child: ChildProcess; lines: Interface; pid: number }> {
    const child = spawn(process.execPath, ["--no-warnings", "--conditions", "typebar-source", mainPath, ...args], {
      stdio: ["pipe", "pipe", "inherit"],
    });
    const lines = createInterface({ input: child.stdout });
    const [line] = (await Promise.race([once(lines, "line"), once(lines, "close")])) as [unknown?];
    if (line !== "listening" || child.pid === undefined) throw new Error("The hub did not start");
    return { child, lines, pid: child.pid };
  }

  async function kill(): Promise<void> {
    const ended = once(running.child, "exit");
    running.child.kill("SIGKILL");
    await ended;
  }

  return {
    port,
    get pid() {
      return running.pid;
    },
    async killAndRestart() {
      await kill();
      running = await start();
    },
    cut: () => void running.child.stdin?.write("cut\n"),
    async stop() {
      const told = once(running.lines, "line");
      running.child.stdin?.write("stop\n");
      const [line] = (await told) as [string];
      return Number(line.split(" ").at(-1));
    },
    async [Symbol.asyncDispose]() {
      await kill();
      await rm(dataDir, { recursive: true, force: true });
    },
  };
}
