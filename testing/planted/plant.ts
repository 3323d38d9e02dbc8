/** Plants one bug in a copy of the sources and runs there the test that must see it. Called by testing/test/planted.test.ts. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import type { PlantedBug } from "./bugs.ts";
import type { Tree } from "./tree.ts";

/** @throws {Error} if the patch does not fit in exactly one place: the sources moved on, and it has to follow. */
export function plant({ dir }: Tree, { name, file, search, replace }: PlantedBug): void {
  const path = join(dir, file);
  const source = readFileSync(path, "utf8");
  const places = source.split(search).length - 1;
  if (places !== 1) throw new Error(`"${name}" fits in ${places} places of ${file}, not in one`);
  writeFileSync(
    path,
    source.replace(search, () => replace),
  );
}

export interface TestRun {
  passed: string[];
  failed: string[];
  output: string;
}

const vitestPath = resolve(import.meta.dirname, "../../node_modules/vitest/vitest.mjs");
const variablesToKeep = ["PATH", "HOME", "TMPDIR", "TYPEBAR_SEED"];

/** Runs one test of the copy with vitest, as anybody would from a shell. A test that was not run is neither passed nor failed. */
export async function runTest({ dir }: Tree, { file, test }: PlantedBug["caughtBy"]): Promise<TestRun> {
  const reportPath = join(dir, "report.json");
  const args = ["run", "--root", dir, "--reporter=json", `--outputFile=${reportPath}`, "--bail=1", file];
  const child = spawn(process.execPath, [vitestPath, ...args, ...(test === "" ? [] : ["-t", test])], {
    cwd: dir,
    env: Object.fromEntries(variablesToKeep.flatMap((name) => toEntry(name, process.env[name]))),
    stdio: ["ignore", "pipe", "pipe"],
  });
  let output = "";
  for (const stream of [child.stdout, child.stderr])
    stream.on("data", (text: Buffer) => void (output += text.toString()));
  await once(child, "close");
  const names = readReport(reportPath, output);
  return { passed: names("passed"), failed: names("failed"), output };
}

function toEntry(name: string, value: string | undefined): [string, string][] {
  return value === undefined ? [] : [[name, value]];
}

interface Report {
  testResults: { assertionResults: { status: string; fullName: string }[] }[];
}

/** @throws {Error} if vitest did not come as far as a report. */
function readReport(path: string, output: string): (status: string) => string[] {
  let report: Report;
  try {
    report = JSON.parse(readFileSync(path, "utf8")) as Report;
  } catch (cause) {
    throw new Error(`vitest made no report: ${output}`, { cause });
  }
  const results = report.testResults.flatMap(({ assertionResults }) => assertionResults);
  return (status) => results.filter((result) => result.status === status).map(({ fullName }) => fullName);
}
