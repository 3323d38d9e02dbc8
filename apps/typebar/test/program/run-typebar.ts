/** A start of the program that is meant to fail: what it says and how it ends. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";

export interface EndedRun {
  code: number | null;
  stdout: string;
  stderr: string;
}

const mainPath = resolve(import.meta.dirname, "../../src/main.ts");

export async function runTypebar(env: Record<string, string>, args: readonly string[] = []): Promise<EndedRun> {
  const child = spawn(process.execPath, ["--conditions", "typebar-source", mainPath, ...args], {
    env: {
      PATH: process.env["PATH"] ?? "",
      NODE_COMPILE_CACHE: join(tmpdir(), "typebar-compile-cache"),
      TYPEBAR_DISCOVER_PORTS: "",
      PORT: "0",
      ...env,
    },
    stdio: ["ignore", "pipe", "pipe"],
  });
  const run: EndedRun = { code: null, stdout: "", stderr: "" };
  child.stdout.setEncoding("utf8").on("data", (text: string) => void (run.stdout += text));
  child.stderr.setEncoding("utf8").on("data", (text: string) => void (run.stderr += text));
  // One that starts after all must not outlive its test.
  const limit = setTimeout(() => child.kill("SIGKILL"), 15_000);
  await once(child, "close");
  clearTimeout(limit);
  run.code = child.exitCode;
  return run;
}
