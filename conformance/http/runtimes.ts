/** Where the cases run, and how each runtime is found and started. Used by runtimes.test.ts. */
import { execFileSync, spawn } from "node:child_process";
import { accessSync, constants, existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { fileURLToPath } from "node:url";
import { openChromium } from "@typebar/testing";

export interface Runtime {
  name: string;
  /** Why it cannot be had here; a required one then fails. */
  missing: string | undefined;
  required: boolean;
  /** Starts all runs of a server. */
  start(job: Job): Promise<AsyncDisposable>;
}

export interface Job {
  url: string;
  casesUrl: string;
  program: string;
}

const cacheDir = fileURLToPath(new URL("../../node_modules/.cache/typebar-runtimes", import.meta.url));
const isLinuxX64 = process.platform === "linux" && process.arch === "x64";

export function findRuntimes(): Runtime[] {
  const bun = findBinary(["bun"], "@oven/bun-linux-x64", "1.4.5", "bin/bun");
  const deno = findBinary(["deno"], "@deno/linux-x64-glibc", "2.9.6", "deno");
  const firefox = findOnPath(["firefox-esr", "firefox"]);
  return [
    { name: "Node", required: true, missing: undefined, start: (job) => startProgram(process.execPath, [], job) },
    { name: "Chromium", required: true, missing: undefined, start: startChromium },
    {
      name: "Firefox",
      required: false,
      missing: firefox === undefined ? "no firefox-esr or firefox in the PATH" : undefined,
      start: (job) => startFirefox(firefox ?? "", job),
    },
    { name: "Bun", required: false, ...bun, start: (job) => startProgram(bun.path, ["run"], job) },
    { name: "Deno", required: false, ...deno, start: (job) => startProgram(deno.path, ["run", "--allow-net"], job) },
  ];
}

/** On the PATH, or from its npm package, which is nothing but the binary. */
function findBinary(
  commands: string[],
  packageName: string,
  version: string,
  file: string,
): { path: string; missing: string | undefined } {
  const known = findOnPath(commands);
  if (known !== undefined) return { path: known, missing: undefined };
  if (!isLinuxX64) return { path: "", missing: `no ${commands[0]} in the PATH` };
  // A folder for each: npm takes away what it was not asked for.
  const dir = join(cacheDir, commands[0] ?? "");
  const path = join(dir, "node_modules", packageName, file);
  if (existsSync(path)) return { path, missing: undefined };
  mkdirSync(dir, { recursive: true });
  writeFileSync(join(dir, "package.json"), '{"private":true}');
  try {
    const args = ["install", "--no-audit", "--no-fund", "--ignore-scripts", `${packageName}@${version}`];
    execFileSync("npm", args, { cwd: dir, stdio: "pipe", timeout: 120_000 });
  } catch {
    return { path: "", missing: `npm could not install ${packageName}@${version}` };
  }
  return { path, missing: existsSync(path) ? undefined : `${packageName}@${version} holds no ${file}` };
}

function findOnPath(commands: string[]): string | undefined {
  const folders = (process.env["PATH"] ?? "").split(delimiter).filter(Boolean);
  return folders.flatMap((folder) => commands.map((name) => join(folder, name))).find(isExecutable);
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

async function startProgram(command: string, args: string[], job: Job): Promise<AsyncDisposable> {
  const dir = mkdtempSync(join(tmpdir(), "typebar-cases-"));
  writeFileSync(join(dir, "package.json"), '{"type":"module"}');
  writeFileSync(join(dir, "program.js"), job.program);
  const start = `import { runAll } from "./program.js"; await runAll(${JSON.stringify(job.url)}, ${JSON.stringify(job.casesUrl)});`;
  writeFileSync(join(dir, "start.js"), start);
  return startProcess(command, [...args, join(dir, "start.js")], dir);
}

/** It needs no driver: the page does the runs and reports by itself. */
async function startFirefox(command: string, { url }: Job): Promise<AsyncDisposable> {
  const dir = mkdtempSync(join(tmpdir(), "typebar-cases-"));
  const preferences = [
    'user_pref("browser.shell.checkDefaultBrowser", false);',
    'user_pref("datareporting.policy.dataSubmissionEnabled", false);',
    'user_pref("app.update.enabled", false);',
    'user_pref("network.captive-portal-service.enabled", false);',
    'user_pref("network.connectivity-service.enabled", false);',
  ];
  writeFileSync(join(dir, "user.js"), preferences.join("\n"));
  return startProcess(command, ["--headless", "--no-remote", "--profile", dir, url], dir);
}

async function startProcess(command: string, args: string[], dir: string): Promise<AsyncDisposable> {
  const child = spawn(command, args, { stdio: ["ignore", "ignore", "inherit"], env: { ...process.env, HOME: dir } });
  const ended = new Promise<void>((resolve, reject) => {
    child.once("error", reject);
    child.once("close", () => resolve());
  });
  return {
    async [Symbol.asyncDispose]() {
      child.kill("SIGKILL");
      await ended;
      rmSync(dir, { recursive: true, force: true, maxRetries: 5 });
    },
  };
}

async function startChromium({ url }: Job): Promise<AsyncDisposable> {
  const browser = await openChromium();
  const page = await browser.newPage();
  await page.goto(url);
  return { [Symbol.asyncDispose]: () => browser.close() };
}
