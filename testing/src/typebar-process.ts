/** A real Typebar in a process group of its own: started, killed and started again on the same data by the tests. */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { createServer } from "node:net";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";

export interface TypebarProcessOptions {
  /** Configuration by environment; HOST, PORT and TYPEBAR_DATA are set here, discovery is off, titles are first words. */
  env?: Record<string, string>;
  /** Flags after the program's name. */
  args?: readonly string[];
  /** Files that it may have open, connections among them. Only on Linux. @defaultValue as many as this process */
  openFilesLimit?: number;
  /** @defaultValue a new folder that is removed at the end */
  dataDir?: string;
  /** @defaultValue a free port, kept over restarts */
  port?: number;
}

export interface TypebarProcess extends AsyncDisposable {
  readonly url: string;
  readonly port: number;
  readonly dataDir: string;
  /** Of the process that was started last, and of its group. */
  readonly pid: number | undefined;
  /** What it has printed since its last start. */
  readonly output: string;
  /** Starts it again on the same data and port, and waits until it is ready. */
  start(): Promise<void>;
  /** Ends the whole process group and waits until it is gone. Returns the exit code, `null` after a signal. */
  kill(signal?: NodeJS.Signals): Promise<number | null>;
}

const mainPath = resolve(import.meta.dirname, "../../apps/typebar/src/main.ts");
const readyTimeoutMs = 30_000;

export async function openTypebarProcess(options: TypebarProcessOptions = {}): Promise<TypebarProcess> {
  const dataDir = options.dataDir ?? (await mkdtemp(join(tmpdir(), "typebar-data-")));
  const port = options.port ?? (await findFreePort());
  const url = `http://127.0.0.1:${port}`;
  let child: ChildProcess | undefined;
  let output = "";

  async function start(): Promise<void> {
    output = "";
    const command = [process.execPath, "--conditions", "typebar-source", mainPath, ...(options.args ?? [])];
    const { openFilesLimit } = options;
    const limit = openFilesLimit === undefined ? [] : ["prlimit", `--nofile=${openFilesLimit}:${openFilesLimit}`];
    const [program = "", ...args] = [...limit, ...command];
    const started = spawn(program, args, {
      // Nothing of the tests' own environment reaches the server but what a program needs to run.
      env: {
        PATH: process.env["PATH"] ?? "",
        NODE_COMPILE_CACHE: join(tmpdir(), "typebar-compile-cache"),
        TYPEBAR_DISCOVER_PORTS: "",
        // The scripted model is asked what the tests ask, and nothing else.
        TYPEBAR_TITLES: "words",
        ...options.env,
        PORT: String(port),
        TYPEBAR_DATA: dataDir,
      },
      stdio: ["ignore", "pipe", "pipe"],
      detached: true,
    });
    child = started;
    for (const stream of [started.stdout, started.stderr]) {
      stream?.setEncoding("utf8").on("data", (text: string) => void (output += text));
    }
    await waitUntilReady(started);
  }

  async function waitUntilReady(started: ChildProcess): Promise<void> {
    const deadlineMs = performance.now() + readyTimeoutMs;
    while (performance.now() < deadlineMs) {
      if (started.exitCode !== null || started.signalCode !== null) {
        throw new Error(`Typebar ended at its start: ${output}`);
      }
      const ready = await fetch(`${url}/readyz`).then(
        (response) => response.ok,
        () => false,
      );
      if (ready) return;
      await new Promise((settle) => setTimeout(settle, 20));
    }
    throw new Error(`Typebar was not ready in time: ${output}`);
  }

  async function kill(signal: NodeJS.Signals = "SIGKILL"): Promise<number | null> {
    const ending = child;
    if (!ending?.pid || ending.exitCode !== null || ending.signalCode !== null) return ending?.exitCode ?? null;
    const ended = once(ending, "close");
    process.kill(-ending.pid, signal);
    await ended;
    return ending.exitCode;
  }

  await start();
  return {
    url,
    port,
    dataDir,
    get pid() {
      return child?.pid;
    },
    get output() {
      return output;
    },
    start,
    kill,
    async [Symbol.asyncDispose]() {
      await kill();
      if (options.dataDir === undefined) await rm(dataDir, { recursive: true, force: true });
    },
  };
}

/** A port that was free a moment ago. */
export async function findFreePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, "close");
  return port;
}
