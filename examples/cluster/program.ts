/** A program that runs beside this one and ends with it. Used for everything that main.ts starts. */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { accessSync, constants, existsSync, readdirSync } from "node:fs";
import { delimiter, join } from "node:path";
import { createInterface } from "node:readline";

export interface Program {
  readonly pid: number;
  /** Settles when it has ended, however it did. */
  readonly ended: Promise<unknown>;
  /** What it said until now, for whoever has to tell why it did not start. */
  readonly said: readonly string[];
  end(signal: NodeJS.Signals): Promise<void>;
}

export interface ProgramOptions {
  env?: NodeJS.ProcessEnv;
  /** Its user and group; this process's own otherwise. */
  as?: { uid: number; gid: number };
  /** What it gets when this process is killed. @defaultValue "SIGTERM" */
  orphanSignal?: NodeJS.Signals;
  onLine?: (line: string) => void;
}

/** Tools of administrators are not in everybody's PATH. */
const folders = [...(process.env["PATH"] ?? "").split(delimiter), "/usr/sbin", "/usr/local/sbin"];

/** @returns the path of the first of these programs that is installed; of PostgreSQL's, Debian keeps one folder for each version. */
export function findProgram(...names: string[]): string | undefined {
  const debian = "/usr/lib/postgresql";
  const versions = existsSync(debian) ? readdirSync(debian).toSorted((a, b) => Number(b) - Number(a)) : [];
  return [...versions.map((version) => join(debian, version, "bin")), ...folders]
    .flatMap((folder) => names.map((name) => join(folder, name)))
    .find((path) => isExecutable(path));
}

/** In a process group of its own: Ctrl-C reaches only this process, which ends the others in order. */
export function startProgram(path: string, args: string[], options: ProgramOptions = {}): Program {
  const { env = process.env, as = {}, orphanSignal = "SIGTERM", onLine } = options;
  // Linux can send a signal to whoever is left behind.
  const setpriv = process.platform === "linux" ? findProgram("setpriv") : undefined;
  const command = setpriv === undefined ? [path] : [setpriv, "--pdeathsig", orphanSignal.slice(3), path];
  const [program = "", ...before] = command;
  const child = spawn(program, [...before, ...args], {
    ...as,
    env,
    detached: true,
    stdio: ["ignore", "pipe", "pipe"],
  });
  const said: string[] = [];
  for (const stream of [child.stdout, child.stderr]) {
    createInterface({ input: stream }).on("line", (line) => {
      said.push(line);
      if (said.length > 20) said.shift();
      onLine?.(line);
    });
  }
  const ended = once(child, "close").catch((error: unknown) => void said.push(String(error)));
  return { pid: child.pid ?? 0, ended, said, end: (signal) => endProgram(child, ended, signal) };
}

async function endProgram(child: ChildProcess, ended: Promise<unknown>, signal: NodeJS.Signals): Promise<void> {
  if (child.exitCode === null && child.signalCode === null) child.kill(signal);
  await ended;
}

/** @throws {Error} with what the program said, when it ends or is not ready in time. */
export async function untilReady(name: string, program: Program, isReady: () => Promise<boolean>): Promise<void> {
  let running = true;
  void program.ended.then(() => (running = false));
  const deadlineMs = performance.now() + 60_000;
  while (!(await isReady())) {
    if (!running || performance.now() > deadlineMs) {
      await program.end("SIGKILL");
      throw new Error(`${name} did not start:\n${program.said.join("\n")}`);
    }
    await new Promise((settle) => setTimeout(settle, 50));
  }
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
