/** `typebar …` as a process of its own, its output in pipes. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";

export const cliPath: string = resolve(import.meta.dirname, "../../src/cli/main.ts");

export interface CommandOptions {
  args: readonly string[];
  env?: Record<string, string>;
  /** What standard input holds. @defaultValue nothing: it is /dev/null */
  stdin?: string;
}

export interface Command extends AsyncDisposable {
  readonly stdout: string;
  readonly stderr: string;
  send: (signal: NodeJS.Signals) => void;
  /** Reads no more of its standard output. */
  closeOutput: () => void;
  /** Resolves once standard output holds the text. */
  waitForOutput: (text: string) => Promise<void>;
  /** Resolves with the exit code; `null` after a signal. */
  ended: Promise<number | null>;
}

export function openCommand({ args, env, stdin }: CommandOptions): Command {
  const child = spawn(process.execPath, ["--conditions", "typebar-source", cliPath, ...args], {
    env: {
      PATH: process.env["PATH"] ?? "",
      NODE_COMPILE_CACHE: join(tmpdir(), "typebar-compile-cache"),
      ...env,
    },
    stdio: [stdin === undefined ? "ignore" : "pipe", "pipe", "pipe"],
  });
  const output = { stdout: "", stderr: "" };
  const waiting = new Set<() => void>();
  child.stdout?.setEncoding("utf8").on("data", (text: string) => {
    output.stdout += text;
    for (const look of waiting) look();
  });
  child.stderr?.setEncoding("utf8").on("data", (text: string) => void (output.stderr += text));
  child.stdin?.end(stdin);
  const ended = once(child, "close").then(() => child.exitCode);
  return {
    get stdout() {
      return output.stdout;
    },
    get stderr() {
      return output.stderr;
    },
    send: (signal) => void child.kill(signal),
    closeOutput: () => void child.stdout?.destroy(),
    async waitForOutput(text) {
      const seen = Promise.withResolvers<void>();
      const look = (): void => {
        if (output.stdout.includes(text)) seen.resolve();
      };
      waiting.add(look);
      look();
      await Promise.race([
        seen.promise,
        ended.then(() => {
          if (!output.stdout.includes(text)) throw new Error(`It ended before: ${output.stdout}${output.stderr}`);
        }),
      ]);
      waiting.delete(look);
    },
    ended,
    async [Symbol.asyncDispose]() {
      child.kill("SIGKILL");
      await ended;
    },
  };
}

/** Runs it to its end. */
export async function runCommand(
  options: CommandOptions,
): Promise<{ code: number | null; stdout: string; stderr: string }> {
  await using command = openCommand(options);
  const code = await command.ended;
  return { code, stdout: command.stdout, stderr: command.stderr };
}
