/** A copy of the sources in a temporary folder, where a bug can be planted without anybody else seeing it. Called by plant.ts. */
import { cpSync, mkdirSync, mkdtempSync, readdirSync, readlinkSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join, resolve } from "node:path";

export interface Tree extends Disposable {
  readonly dir: string;
}

const rootDir = resolve(import.meta.dirname, "../..");
/** What the tests need, and what the program needs to start. */
const copied = [
  "packages",
  "apps/typebar",
  "apps/web",
  "testing",
  "docs",
  "package.json",
  "vitest.config.ts",
  "tsconfig.base.json",
];
const leftOut = new Set(["node_modules", "dist", ".cache"]);

export function createTree(): Tree {
  const dir = mkdtempSync(join(tmpdir(), "typebar-planted-"));
  for (const path of copied) {
    cpSync(join(rootDir, path), join(dir, path), {
      recursive: true,
      filter: (source) => !leftOut.has(basename(source)),
    });
  }
  linkModules(join(rootDir, "node_modules"), join(dir, "node_modules"));
  return { dir, [Symbol.dispose]: () => rmSync(dir, { recursive: true, force: true }) };
}

/** Foreign packages are shared; our own must be the copies, or a bug planted there would never be run. */
function linkModules(from: string, to: string): void {
  mkdirSync(to, { recursive: true });
  for (const entry of readdirSync(from, { withFileTypes: true })) {
    if (entry.name.startsWith(".") || entry.name === "typebar") continue;
    if (entry.name === "@typebar") {
      mkdirSync(join(to, entry.name));
      for (const own of readdirSync(join(from, entry.name))) {
        symlinkSync(readlinkSync(join(from, entry.name, own)), join(to, entry.name, own));
      }
    } else {
      symlinkSync(join(from, entry.name), join(to, entry.name));
    }
  }
}
