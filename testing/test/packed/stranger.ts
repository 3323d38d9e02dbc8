/**
 * A stranger's empty project, into which npm installs the tarballs. Made by packed.test.ts.
 *
 * Nothing is fetched: what the packages need of others is linked to where it is installed here.
 */
import { execFile } from "node:child_process";
import { cpSync, existsSync, mkdirSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { promisify } from "node:util";
import type { PackedPackage } from "../../../scripts/pack/pack-packages.ts";

const run = promisify(execFile);
const rootDir = resolve(import.meta.dirname, "../../..");
const modulesDir = join(rootDir, "node_modules");

export interface Ended {
  code: number;
  output: string;
}

export interface Stranger {
  readonly dir: string;
  /** Runs a script under this Node, in the project. */
  node: (...args: string[]) => Promise<Ended>;
  /** Runs the compiler, by a `tsconfig.json` with these options. */
  compile: (options: Record<string, unknown>) => Promise<Ended>;
}

/** @throws {Error} With what npm said. */
export async function createStranger(dir: string, packed: readonly PackedPackage[]): Promise<Stranger> {
  mkdirSync(dir, { recursive: true });
  cpSync(join(import.meta.dirname, "stranger"), dir, { recursive: true });
  const own = packed.map(({ manifest, tarballPath }) => [manifest.name, `file:${tarballPath}`]);
  const names = packed.flatMap(({ manifest }) =>
    Object.keys({ ...manifest.dependencies, ...manifest.peerDependencies }),
  );
  const others = [...new Set([...names, "@types/node"])]
    .filter((name) => !packed.some(({ manifest }) => manifest.name === name))
    .map((name) => [name, `file:${findInstalled(name)}`]);
  writeFileSync(
    join(dir, "package.json"),
    JSON.stringify({ private: true, type: "module", dependencies: Object.fromEntries([...own, ...others]) }),
  );
  // Of a `file:` folder outside of the project npm makes a link, and does not touch what it needs.
  await run("npm", ["install", "--offline", "--no-audit", "--no-fund", "--ignore-scripts", "--install-links=false"], {
    cwd: dir,
    env: { ...process.env, npm_config_cache: join(dir, ".npm") },
  });
  return {
    dir,
    node: (...args) => end(run(process.execPath, args, { cwd: dir, env: { PATH: process.env["PATH"] ?? "" } })),
    compile(options) {
      const compilerOptions = { strict: true, noEmit: true, target: "es2024", types: ["node"], ...options };
      writeFileSync(join(dir, "tsconfig.json"), JSON.stringify({ compilerOptions, files: ["use.ts"] }));
      return end(run(process.execPath, [join(modulesDir, "typescript/bin/tsc"), "-p", dir]));
    },
  };
}

function findInstalled(name: string): string {
  const path = join(modulesDir, name);
  if (!existsSync(path)) throw new Error(`${name} is not installed`);
  return path;
}

/** How a program ended, and all it said. */
export async function end(running: Promise<{ stdout: string; stderr: string }>): Promise<Ended> {
  try {
    const { stdout, stderr } = await running;
    return { code: 0, output: stdout + stderr };
  } catch (error) {
    const { code, stdout = "", stderr = "" } = error as { code?: unknown; stdout?: string; stderr?: string };
    return { code: typeof code === "number" ? code : 1, output: stdout + stderr };
  }
}
