/** Runtimes beside Node that may be here, as their binaries. Used by the client's cases and by the hub's adapters. */
import { execFileSync } from "node:child_process";
import { accessSync, constants, existsSync, mkdirSync, writeFileSync } from "node:fs";
import { delimiter, join } from "node:path";
import { fileURLToPath } from "node:url";

/** Where it is, or why it cannot be had here. */
export interface Binary {
  path: string;
  missing: string | undefined;
}

const cacheDir = fileURLToPath(new URL("../node_modules/.cache/typebar-runtimes", import.meta.url));
const isLinuxX64 = process.platform === "linux" && process.arch === "x64";

export const findBun = (): Binary => findBinary(["bun"], "@oven/bun-linux-x64", "1.4.5", "bin/bun");
export const findDeno = (): Binary => findBinary(["deno"], "@deno/linux-x64-glibc", "2.9.6", "deno");

/** On the PATH, or from its npm package, which is nothing but the binary. */
function findBinary(commands: string[], packageName: string, version: string, file: string): Binary {
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

export function findOnPath(commands: string[]): string | undefined {
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
