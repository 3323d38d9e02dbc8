/** Chaos in its short form, as anybody would run it; two seeds usually, ten in the long run. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { chmodSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { expect, test } from "vitest";
import { countOf, seed } from "../../src/index.ts";

const mainPath = resolve(import.meta.dirname, "../../chaos/main.ts");
const timeout = 300_000;
/** One of either way in which Redis writes its file. */
const seeds = Array.from({ length: countOf({ usual: 2, long: 10 }) }, (_, index) => (seed % 100_000) + index);

function start(args: readonly string[], tempDir = tmpdir()): ReturnType<typeof spawn> {
  return spawn(process.execPath, ["--conditions", "typebar-source", mainPath, "--short", ...args], {
    env: { ...process.env, TMPDIR: tempDir },
    stdio: ["ignore", "pipe", "inherit"],
  });
}

test.each(seeds)("whatever breaks, every follower is shown what the log says: seed %i", { timeout }, async (seed) => {
  const child = start(["--seed", String(seed), "--json"]);
  let output = "";
  child.stdout?.setEncoding("utf8").on("data", (text: string) => void (output += text));
  const [code] = await once(child, "close");
  const last = output.trimEnd().split("\n").at(-1) ?? "";
  const { ends, ...counts } = JSON.parse(last) as { ends: Record<string, number> };
  expect(counts, output).toEqual({ seed, faults: 8, generations: 40, followers: 120, violations: 0 });
  // Where most were refused by the model, the faults would have met nobody.
  expect(ends["completed"], output).toBeGreaterThan(20);
  expect(code).toBe(0);
});

/** What was given this folder by its environment or its arguments. */
function processesOf(dir: string): string[] {
  return readdirSync("/proc").filter((pid) => {
    try {
      return ["environ", "cmdline"].some((name) => readFileSync(`/proc/${pid}/${name}`, "utf8").includes(dir));
    } catch {
      // No process, or one that has just ended.
      return false;
    }
  });
}

test("leaves no process and no folder behind when it is interrupted", { timeout }, async () => {
  const tempDir = mkdtempSync(join(tmpdir(), "typebar-interrupted-"));
  // PostgreSQL runs as somebody else.
  chmodSync(tempDir, 0o755);
  try {
    const child = start(["--seed", "1"], tempDir);
    const ended = once(child, "exit");
    child.stdout?.setEncoding("utf8").on("data", (text: string) => {
      if (text.includes("answers go on")) child.kill("SIGINT");
    });
    expect(await ended).toEqual([130, null]);
    expect(readdirSync(tempDir).filter((name) => name !== "typebar-compile-cache")).toEqual([]);
    expect(processesOf(tempDir)).toEqual([]);
  } finally {
    rmSync(tempDir, { recursive: true, force: true });
  }
});
