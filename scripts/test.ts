/**
 * `npm test`, after bootstrap.mjs: gets what the tests need from the system, checks the sources, runs every test, and
 * ends with one line for machines: `N passed, N failed` (checks and tests together). Arguments go to vitest.
 */
import { spawn } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, rmSync } from "node:fs";
import { availableParallelism } from "node:os";
import { join } from "node:path";
import { findInstalled } from "../testing/src/installed-program.ts";
import { findPostgres } from "../testing/src/postgres.ts";
import { findRedis } from "../testing/src/redis.ts";
import { createChecks } from "./check/checks.ts";
import { rootDir, runChecks } from "./check/run-check.ts";
import { tellCheck } from "./check/tell.ts";
import { installWithApt } from "./test/apt.ts";
import { findChromium } from "./test/chromium.ts";
import { hasTmux } from "./test/tmux.ts";

interface Counts {
  passed: number;
  failed: number;
  skipped: number;
}

const reportPath = join(rootDir, "node_modules", ".cache", "typebar-tests.json");

const chromiumPath = findChromium();
if (chromiumPath === undefined) {
  console.error(
    "The browser tests need Chromium or Chrome, and none was found here or could be installed. " +
      "Install one (on Debian: apt-get install chromium), or set CHROMIUM_PATH to one, and run npm test again.",
  );
  process.exit(1);
}
if (!hasPostgres()) {
  console.error(
    "The store's tests need PostgreSQL, and none was found here or could be installed. " +
      "Install it (on Debian: apt-get install postgresql) and run npm test again.",
  );
  process.exit(1);
}
if (!hasRedis()) {
  console.error(
    "The tests of the log over several machines need Redis or Valkey, and none was found here or could be installed. " +
      "Install it (on Debian: apt-get install redis-server) and run npm test again.",
  );
  process.exit(1);
}
if (!hasServersOfClusters()) {
  console.error(
    "The tests of several nodes need nginx, Caddy, PgBouncer, systemd-analyze and PostgreSQL, and not all were found here or could be " +
      "installed. Install them (on Debian: apt-get install nginx caddy pgbouncer systemd postgresql) and run npm test again.",
  );
  process.exit(1);
}
if (!hasTmux()) {
  console.error(
    "The command line's tests need tmux, and it was not found here and could not be installed. " +
      "Install it (on Debian: apt-get install tmux) and run npm test again.",
  );
  process.exit(1);
}

const checks = await runChecks(createChecks(), availableParallelism(), tellCheck);
const failedChecks = checks.filter((check) => !check.passed).length;

mkdirSync(join(rootDir, "node_modules", ".cache"), { recursive: true });
rmSync(reportPath, { force: true });
const exitCode = await runVitest(chromiumPath);
const tests = readReport();
// A test file that could not be loaded fails without a test of its own.
const failedTests = exitCode === 0 ? tests.failed : Math.max(tests.failed, 1);

if (tests.skipped > 0) console.log(`${tests.skipped} tests were not run.`);
console.log(`${checks.length - failedChecks + tests.passed} passed, ${failedChecks + failedTests} failed`);
process.exitCode = failedChecks + failedTests === 0 ? 0 : 1;

function hasPostgres(): boolean {
  if (findPostgres() === undefined) installWithApt(["postgresql"]);
  return findPostgres() !== undefined;
}

function hasRedis(): boolean {
  if (findRedis() === undefined) installWithApt(["redis-server"]);
  return findRedis() !== undefined;
}

function hasServersOfClusters(): boolean {
  if (missingPackages().length > 0) installWithApt(missingPackages());
  return missingPackages().length === 0;
}

/** Of what stands around several nodes. Debian's PostgreSQL beside that of npm: the example of a cluster takes what is installed. */
function missingPackages(): string[] {
  return [
    ...(findInstalled("nginx") === undefined ? ["nginx"] : []),
    ...(findInstalled("caddy") === undefined ? ["caddy"] : []),
    ...(findInstalled("pgbouncer") === undefined ? ["pgbouncer"] : []),
    // Its systemd-analyze judges the unit of docs/deploy.
    ...(findInstalled("systemd-analyze") === undefined ? ["systemd"] : []),
    ...(existsSync("/usr/lib/postgresql") || findInstalled("initdb") !== undefined ? [] : ["postgresql"]),
  ];
}

function runVitest(chromium: string): Promise<number> {
  return new Promise((resolve, reject) => {
    const args = ["run", "--reporter=default", "--reporter=json", `--outputFile.json=${reportPath}`];
    const child = spawn(
      process.execPath,
      [join(rootDir, "node_modules/vitest/vitest.mjs"), ...args, ...process.argv.slice(2)],
      {
        cwd: rootDir,
        stdio: "inherit",
        env: { ...process.env, CHROMIUM_PATH: chromium },
      },
    );
    child.once("error", reject);
    child.once("exit", (code) => resolve(code ?? 1));
  });
}

function readReport(): Counts {
  try {
    const report: Record<string, number> = JSON.parse(readFileSync(reportPath, "utf8"));
    return {
      passed: report["numPassedTests"] ?? 0,
      failed: report["numFailedTests"] ?? 0,
      skipped: (report["numPendingTests"] ?? 0) + (report["numTodoTests"] ?? 0),
    };
  } catch {
    return { passed: 0, failed: 1, skipped: 0 };
  }
}
