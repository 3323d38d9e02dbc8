/** All packages that are published -> tarballs. Called by pack.ts and by the test of the packed packages. */
import { execFile } from "node:child_process";
import { existsSync, mkdirSync, readdirSync } from "node:fs";
import { basename, join, resolve } from "node:path";
import { promisify } from "node:util";
import { rootDir } from "../check/run-check.ts";
import { bundleProtocol, type StagedPackage } from "./bundle-protocol.ts";
import { readManifest, stagePackage } from "./stage.ts";

export interface PackedPackage extends StagedPackage {
  tarballPath: string;
}

/**
 * @param outDir - Gets the tarballs, and the staged packages in `staged/`; they must not be there yet.
 * @throws {Error} If one cannot be built.
 */
export async function packPackages(outDir: string): Promise<PackedPackage[]> {
  const staged: StagedPackage[] = await Promise.all(
    publishedFolders().map(async (folder) => {
      const stagedDir = join(resolve(outDir), "staged", basename(folder));
      return { stagedDir, manifest: await stagePackage(folder, stagedDir) };
    }),
  );
  for (const one of staged) bundleProtocol(one, staged);
  mkdirSync(outDir, { recursive: true });
  const dirs = staged.map(({ stagedDir }) => stagedDir);
  await promisify(execFile)("npm", ["pack", ...dirs, "--pack-destination", resolve(outDir), "--silent"], {
    shell: process.platform === "win32",
  });
  return staged.map(({ stagedDir, manifest }) => {
    const name = `${manifest.name.replace("@", "").replace("/", "-")}-${manifest.version}.tgz`;
    return { manifest, stagedDir, tarballPath: join(resolve(outDir), name) };
  });
}

function publishedFolders(): string[] {
  return readdirSync(join(rootDir, "packages"))
    .map((name) => `packages/${name}`)
    .filter((folder) => existsSync(join(rootDir, folder, "package.json")) && readManifest(folder).private !== true);
}
