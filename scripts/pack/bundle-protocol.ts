/**
 * The wire's constants and types -> a file of the package that imports them. Called by pack-packages.ts.
 *
 * They lie in the server's package. Who installs a client for a browser takes them along, and not the server.
 */
import { copyFileSync, globSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join, posix, sep } from "node:path";
import type { Manifest } from "./manifest.ts";

export interface StagedPackage {
  /** As it is published. */
  manifest: Manifest;
  /** Holds what is published, built. */
  stagedDir: string;
}

const home = "@typebar/chat";
const specifier = `${home}/protocol`;

/** Does nothing to a package that has the server's among its dependencies, or does without the protocol. */
export function bundleProtocol({ manifest, stagedDir }: StagedPackage, packages: readonly StagedPackage[]): void {
  if (manifest.name === home || manifest.dependencies?.[home] !== undefined) return;
  const distDir = join(stagedDir, "dist");
  const users = globSync("**/*.{js,d.ts}", { cwd: distDir })
    .map((path) => ({ path, text: readFileSync(join(distDir, path), "utf8") }))
    .filter(({ text }) => text.includes(`"${specifier}"`));
  if (users.length === 0) return;
  const source = packages.find((one) => one.manifest.name === home);
  if (source === undefined) throw new Error(`${home} is not packed`);
  // It imports nothing, so these are all.
  for (const file of ["protocol.js", "protocol.d.ts"]) {
    copyFileSync(join(source.stagedDir, "dist", file), join(distDir, file));
  }
  for (const { path, text } of users) {
    const toDist = posix.relative(dirname(path).split(sep).join("/"), "") || ".";
    writeFileSync(join(distDir, path), text.replaceAll(`"${specifier}"`, `"${toDist}/protocol.js"`));
  }
}
