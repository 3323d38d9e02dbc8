/** The checks of the sources, in the order in which they are told of. Run by check.ts and test.ts. */
import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { checkBoundaries } from "./boundaries.ts";
import { rootDir, runTool } from "./run-check.ts";
import type { Check } from "./run-check.ts";

const buildInfoDir = join(rootDir, "node_modules", ".cache", "tsc");

export function createChecks(): Check[] {
  return [
    { name: "format", run: () => runTool("oxfmt/bin/oxfmt", ["--check"]) },
    { name: "lint", run: () => runTool("oxlint/bin/oxlint", ["--type-aware"]) },
    ...typedPackages().map((folder) => ({ name: `types of ${folder}`, run: () => checkTypes(folder) })),
    { name: "types of tests, program and tools", run: () => checkTypes(".") },
    { name: "types of examples", run: () => checkTypes("examples") },
    { name: "types of apps/web", run: () => checkTypes("apps/web", "vue-tsc/bin/vue-tsc.js") },
    { name: "import boundaries", run: checkBoundaries },
    { name: "unused code", run: () => runTool("knip/bin/knip.js", []) },
  ];
}

function typedPackages(): string[] {
  return readdirSync(join(rootDir, "packages"))
    .map((name) => `packages/${name}`)
    .filter((folder) => existsSync(join(rootDir, folder, "tsconfig.json")) && existsSync(join(rootDir, folder, "src")));
}

/** Incremental: what did not change since the last run is not looked at again. */
function checkTypes(folder: string, compiler = "typescript/bin/tsc"): Promise<{ passed: boolean; output: string }> {
  const buildInfo = join(buildInfoDir, `${folder.replaceAll(/[^a-z]/g, "-")}.tsbuildinfo`);
  return runTool(compiler, ["-p", folder, "--noEmit", "--incremental", "--tsBuildInfoFile", buildInfo]);
}
