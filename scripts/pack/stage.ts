/** One workspace -> a folder that holds what is published, and nothing else. Called by pack-packages.ts. */
import { copyFileSync, globSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { rootDir, runTool } from "../check/run-check.ts";
import { toPublishedManifest } from "./manifest.ts";
import type { Manifest } from "./manifest.ts";

/**
 * @param folder - Below the repository: `packages/sse`.
 * @param stagedDir - Empty.
 * @throws {Error} With what the compiler said.
 */
export async function stagePackage(folder: string, stagedDir: string): Promise<Manifest> {
  const distDir = join(stagedDir, "dist");
  mkdirSync(distDir, { recursive: true });
  const { passed, output } = await runTool("typescript/bin/tsc", ["-p", folder, "--outDir", distDir]);
  if (!passed) throw new Error(`${folder} cannot be built:\n${output}`);
  for (const path of globSync("**/*.d.ts", { cwd: distDir })) rewriteImports(join(distDir, path));
  const manifest = toPublishedManifest(readManifest(folder));
  writeFileSync(join(stagedDir, "package.json"), `${JSON.stringify(manifest, undefined, 2)}\n`);
  copyFileSync(join(rootDir, folder, "README.md"), join(stagedDir, "README.md"));
  copyFileSync(join(rootDir, "LICENSE"), join(stagedDir, "LICENSE"));
  return manifest;
}

export function readManifest(folder: string): Manifest {
  // Written by us, and looked through by npm.
  return JSON.parse(readFileSync(join(rootDir, folder, "package.json"), "utf8")) as Manifest;
}

/** The compiler rewrites `./file.ts` in what runs, and leaves it in declarations, where not every tool understands it. */
function rewriteImports(path: string): void {
  const text = readFileSync(path, "utf8");
  writeFileSync(path, text.replaceAll(/(\bfrom |\bimport\()"(\.[^"]*)\.ts"/gu, '$1"$2.js"'));
}
