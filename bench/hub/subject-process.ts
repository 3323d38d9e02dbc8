/** Whom the hub is measured beside, and how each is started: in its own process, on one core. Called by hub.ts and its parts. */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { createInterface } from "node:readline";

export interface RunningSubject extends AsyncDisposable {
  port: number;
  /** All its processes: what they use and hold is what it costs. */
  pids: readonly number[];
  /** Clears away what it no longer needs, and says what it still does, in KiB. */
  liveKib(): Promise<number>;
}

/** The ones that run on Node; subject-main.ts knows them by these names. */
export const nodeSubjects = ["typebar", "typebar-flush-33", "naive", "better-sse", "@fastify/sse", "hono"] as const;

export function openNodeSubject(name: string, core: number): Promise<RunningSubject> {
  const mainPath = join(import.meta.dirname, "subject-main.ts");
  return openProcess(core, [
    process.execPath,
    "--expose-gc",
    "--no-warnings",
    "--conditions",
    "typebar-source",
    mainPath,
    name,
  ]);
}

/** Starts a program that prints its port, or its URL, and ends with its standard input. */
export async function openProcess(core: number, command: readonly string[]): Promise<RunningSubject> {
  const child = spawn("taskset", ["-c", String(core), ...command], { stdio: ["pipe", "pipe", "inherit"] });
  const lines = createInterface({ input: child.stdout });
  const [line] = (await Promise.race([once(lines, "line"), once(lines, "close"), once(child, "error")])) as [unknown?];
  const port = Number(String(line).split(":").at(-1));
  if (child.pid === undefined || !Number.isInteger(port)) throw new Error(`${command.join(" ")} did not start`);
  return {
    port,
    pids: [child.pid],
    async liveKib() {
      const told = once(lines, "line");
      child.kill("SIGUSR2");
      return Number((await told)[0]);
    },
    [Symbol.asyncDispose]: () => endProcess(child, "SIGKILL"),
  };
}

export async function endProcess(child: ChildProcess, signal: NodeJS.Signals): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = once(child, "exit");
  child.kill(signal);
  await ended;
}
