/**
 * PostgreSQL's files from their npm package, laid out where another user can run them. Used by postgres.ts.
 * The package leaves the libraries' links to an install script, which npm may not run, and node_modules may lie in a
 * folder that only root can enter; so a tree of our own is made, of hard links where that is possible.
 */
import { copyFileSync, linkSync, mkdirSync, readFileSync, readdirSync, symlinkSync } from "node:fs";
import { basename, dirname, join, relative } from "node:path";

/** @returns the folders that were made in `dir`. */
export function layOutBinaries(packageDir: string, dir: string): string[] {
  const made: string[] = [];
  const entries = readdirSync(join(packageDir, "native"), { recursive: true, withFileTypes: true });
  const folders = entries.filter((entry) => entry.isDirectory()).map((entry) => join(entry.parentPath, entry.name));
  for (const folder of [join(packageDir, "native"), ...folders].toSorted()) {
    const target = join(dir, relative(packageDir, folder));
    mkdirSync(target);
    made.push(target);
  }
  for (const entry of entries.filter((candidate) => candidate.isFile())) {
    const source = join(entry.parentPath, entry.name);
    linkOrCopy(source, join(dir, relative(packageDir, source)));
  }
  for (const { source, target } of readLinks(packageDir)) {
    if (dirname(source) !== dirname(target)) throw new Error(`${target} should lead to another folder.`);
    symlinkSync(basename(source), join(dir, target));
  }
  return made;
}

/** Which link leads to which file, as the package notes it for its install script. */
function readLinks(packageDir: string): { source: string; target: string }[] {
  return JSON.parse(readFileSync(join(packageDir, "native", "pg-symlinks.json"), "utf8"));
}

function linkOrCopy(source: string, target: string): void {
  try {
    linkSync(source, target);
  } catch {
    // Another file system, or one without hard links.
    copyFileSync(source, target);
  }
}
