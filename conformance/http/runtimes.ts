/** Where the cases run, and how each runtime is found and started. Used by runtimes.test.ts. */
import { spawn } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { openChromium } from "@typebar/testing";
import { findBun, findDeno, findOnPath } from "../binaries.ts";

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

export function findRuntimes(): Runtime[] {
  const bun = findBun();
  const deno = findDeno();
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
