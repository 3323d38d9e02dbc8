/** An example, started as its README says: by `npm start` in its folder. Used by the tests beside it. */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { createServer } from "node:net";
import { dirname, join } from "node:path";
import { findFreePort } from "../../src/index.ts";

export interface ExampleProcess extends AsyncDisposable {
  readonly port: number;
  readonly url: string;
  /** What it has printed since its last start. */
  readonly output: string;
  /** Ends npm and the server: at once, or as Ctrl-C in a terminal does. @defaultValue "SIGKILL" */
  kill(signal?: "SIGKILL" | "SIGINT"): Promise<void>;
  /** On the same port as before. */
  start(): Promise<void>;
  /** Nothing is answered, and nothing is closed, until {@link resume}. */
  pause(): void;
  resume(): void;
}

const examplesDir = join(import.meta.dirname, "../../../examples");
/** A cluster is several processes. */
const readyTimeoutMs = 60_000;

export interface ExampleOptions {
  env?: Record<string, string>;
  /** How many ports it takes, from its own on. @defaultValue 1 */
  ports?: number;
}

export async function openExample(name: string, { env = {}, ports = 1 }: ExampleOptions = {}): Promise<ExampleProcess> {
  const port = await findFreePorts(ports);
  const url = `http://127.0.0.1:${port}`;
  let child: ChildProcess | undefined;
  let output = "";

  async function start(): Promise<void> {
    const started = spawn("npm", ["start"], {
      cwd: join(examplesDir, name),
      // This very Node comes first, where the one of the repository is not installed.
      env: {
        ...process.env,
        ...env,
        PATH: `${dirname(process.execPath)}:${process.env["PATH"]}`,
        HOST: "127.0.0.1",
        PORT: String(port),
      },
      stdio: ["ignore", "pipe", "pipe"],
      // A group of its own, so that ending it ends npm, its shell and the server.
      detached: true,
    });
    child = started;
    output = "";
    for (const stream of [started.stdout, started.stderr]) {
      stream.setEncoding("utf8").on("data", (text: string) => void (output += text));
    }
    const deadlineMs = performance.now() + readyTimeoutMs;
    while (!(await isReady(url))) {
      if (started.exitCode !== null) throw new Error(`The example ended at its start: ${output}`);
      if (performance.now() > deadlineMs) throw new Error(`The example was not ready in time: ${output}`);
      await new Promise((settle) => setTimeout(settle, 50));
    }
  }

  function signalGroup(signal: NodeJS.Signals): void {
    if (child?.pid) process.kill(-child.pid, signal);
  }

  async function kill(signal: NodeJS.Signals = "SIGKILL"): Promise<void> {
    if (!child?.pid || child.exitCode !== null || child.signalCode !== null) return;
    const ended = once(child, "close");
    signalGroup(signal);
    await ended;
  }

  try {
    await start();
  } catch (error) {
    await kill();
    throw error;
  }
  return {
    port,
    url,
    get output() {
      return output;
    },
    start,
    kill,
    pause: () => signalGroup("SIGSTOP"),
    resume: () => signalGroup("SIGCONT"),
    [Symbol.asyncDispose]: () => kill(),
  };
}

function isReady(url: string): Promise<boolean> {
  return fetch(url).then(
    (response) => response.ok,
    () => false,
  );
}

/** @returns the first of so many ports in a row that were free a moment ago. */
async function findFreePorts(count: number): Promise<number> {
  for (;;) {
    const first = await findFreePort();
    const others = Array.from({ length: count - 1 }, (_, index) => isFree(first + index + 1));
    if ((await Promise.all(others)).every(Boolean)) return first;
  }
}

function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer()
      .once("error", () => resolve(false))
      .listen(port, "127.0.0.1", () => server.close(() => resolve(true)));
  });
}
