/**
 * Who imports whom, by the rules of .dependency-cruiser.mjs. One of the checks in checks.ts.
 * A checker that skips what it cannot read reports nothing, so it has to show that it read every file, and that it
 * catches one planted violation of every rule.
 */
import { cruise } from "dependency-cruiser";
import type { ICruiseResult } from "dependency-cruiser";
import extractDepcruiseOptions from "dependency-cruiser/config-utl/extract-depcruise-options";
import { globSync } from "node:fs";
import { join } from "node:path";
import { rootDir } from "./run-check.ts";

const scanned = ["packages", "apps", "testing", "conformance", "bench"];
const plantedDir = "scripts/fixtures/boundary-violations";

export async function checkBoundaries(): Promise<{ passed: boolean; output: string }> {
  const options = await extractDepcruiseOptions(join(rootDir, ".dependency-cruiser.mjs"));
  const scan = async (folders: string[]): Promise<ICruiseResult> => {
    const { output } = await cruise(folders, { ...options, baseDir: rootDir, outputType: "json" });
    if (typeof output !== "string") throw new TypeError("dependency-cruiser gave no JSON.");
    // What it gives is typed by itself.
    const result: ICruiseResult = JSON.parse(output);
    return result;
  };
  const real = await scan(scanned);
  const planted = await scan([plantedDir]);
  const ruleNames = (options.ruleSet?.forbidden ?? []).map((rule) => rule.name ?? "");
  const complaints = [
    ...real.summary.violations.map(({ rule, from, to }) => `${rule.name}: ${from} -> ${to}`),
    ...unreadFiles(real).map((path) => `${path} was not read.`),
    ...unresolvedByName(real),
    ...unbroken(ruleNames, planted).map((name) => `The planted violation of ${name} was not caught.`),
  ];
  return { passed: complaints.length === 0, output: complaints.join("\n") };
}

function unreadFiles(result: ICruiseResult): string[] {
  const read = new Set(result.modules.map((module) => module.source));
  const files = globSync(`{${scanned.join(",")}}/**/*.{ts,vue}`, {
    cwd: rootDir,
    exclude: ["**/node_modules", "**/dist"],
  });
  if (files.length === 0) return ["Every file"];
  return files.map((path) => path.replaceAll("\\", "/")).filter((path) => !read.has(path));
}

/** Our packages must lead to their sources; led to what was built, a cycle or a forbidden import would stay unseen. */
function unresolvedByName(result: ICruiseResult): string[] {
  const byName = result.modules.flatMap((module) =>
    module.dependencies.filter(({ module: name }) => name.startsWith("@typebar/")),
  );
  if (byName.length === 0) return ["No import of one of our packages by its name was seen."];
  return byName
    .filter(({ resolved }) => !/^(?:packages\/[^/]+|testing)\/src\//.test(resolved))
    .map(({ module: name, resolved }) => `${name} leads to ${resolved}, not to its source.`);
}

function unbroken(ruleNames: string[], planted: ICruiseResult): string[] {
  const caught = new Set(planted.summary.violations.map(({ rule }) => rule.name));
  return ruleNames.filter((name) => !caught.has(name));
}
