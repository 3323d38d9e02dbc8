/** An example, started as its README says: by `npm start` in its folder. Used by the tests beside it. */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { dirname, join } from "node:path";
import { findFreePort } from "../../src/index.ts";

export interface ExampleProcess extends AsyncDisposable {
  readonly port: number;
  readonly url: string;
  /** Ends npm and the server at once. */
  kill(): Promise<void>;
  /** On the same port as before. */
  start(): Promise<void>;
  /** Nothing is answered, and nothing is closed, until {@link resume}. */
  pause(): void;
  resume(): void;
}

const examplesDir = join(import.meta.dirname, "../../../examples");
const readyTimeoutMs = 20_000;

export async function openExample(name: string): Promise<ExampleProcess> {
  const port = await findFreePort();
  const url = `http://127.0.0.1:${port}`;
  let child: ChildProcess | undefined;

  async function start(): Promise<void> {
    const started = spawn("npm", ["start"], {
      cwd: join(examplesDir, name),
      // This very Node comes first, where the one of the repository is not installed.
      env: {
        ...process.env,
        PATH: `${dirname(process.execPath)}:${process.env["PATH"]}`,
        HOST: "127.0.0.1",
        PORT: String(port),
      },
      stdio: ["ignore", "pipe", "pipe"],
      // A group of its own, so that ending it ends npm, its shell and the server.
      detached: true,
    });
    child = started;
    let output = "";
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

  async function kill(): Promise<void> {
    if (!child?.pid || child.exitCode !== null || child.signalCode !== null) return;
    const ended = once(child, "close");
    signalGroup("SIGKILL");
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
    start,
    kill,
    pause: () => signalGroup("SIGSTOP"),
    resume: () => signalGroup("SIGCONT"),
    [Symbol.asyncDispose]: kill,
  };
}

function isReady(url: string): Promise<boolean> {
  return fetch(url).then(
    (response) => response.ok,
    () => false,
  );
}
