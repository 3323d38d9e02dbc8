/** Runs one check as a process and keeps what it said. Used by every check beside it. */
import { spawn } from "node:child_process";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

export const rootDir: string = dirname(dirname(dirname(fileURLToPath(import.meta.url))));

export interface CheckResult {
  name: string;
  passed: boolean;
  output: string;
  durationMs: number;
}

export interface Check {
  name: string;
  run: () => Promise<{ passed: boolean; output: string }>;
}

/** Runs a package's command from node_modules under this Node. `script` is relative to node_modules. */
export function runTool(
  script: string,
  args: string[],
  cwd: string = rootDir,
): Promise<{ passed: boolean; output: string }> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [join(rootDir, "node_modules", script), ...args], {
      cwd,
      stdio: ["ignore", "pipe", "pipe"],
    });
    const pieces: Buffer[] = [];
    child.stdout.on("data", (piece: Buffer) => pieces.push(piece));
    child.stderr.on("data", (piece: Buffer) => pieces.push(piece));
    child.once("error", reject);
    child.once("close", (code) => resolve({ passed: code === 0, output: Buffer.concat(pieces).toString() }));
  });
}

/** Runs checks a few at a time, and tells of each in the order given, as soon as it is known. */
export async function runChecks(
  checks: Check[],
  atOnce: number,
  tell: (result: CheckResult) => void,
): Promise<CheckResult[]> {
  const results = checks.map(() => Promise.withResolvers<CheckResult>());
  let next = 0;
  const work = async (): Promise<void> => {
    for (let index = next++; index < checks.length; index = next++) {
      const check = checks[index];
      if (check === undefined) return;
      const startedMs = performance.now();
      try {
        const { passed, output } = await check.run();
        results[index]?.resolve({ name: check.name, passed, output, durationMs: performance.now() - startedMs });
      } catch (error) {
        const durationMs = performance.now() - startedMs;
        results[index]?.resolve({ name: check.name, passed: false, output: String(error), durationMs });
      }
    }
  };
  const workers = Array.from({ length: atOnce }, work);
  const told: CheckResult[] = [];
  for (const { promise } of results) {
    const result = await promise;
    tell(result);
    told.push(result);
  }
  await Promise.all(workers);
  return told;
}
