/**
 * Finds the Node that runs Typebar: the one npm brought, else the system's if it is new enough.
 * Second step of bootstrap.mjs.
 */
import { existsSync, lstatSync, mkdirSync, readlinkSync, rmSync, symlinkSync } from "node:fs";
import { join, relative } from "node:path";
import { SetupError, modulesDir } from "./shared.mjs";

const oldestNode = [24, 16];

/** @returns {string} the path of a Node that is new enough. */
export function findNode() {
  const broughtPath = join(
    modulesDir,
    `node-${process.platform === "win32" ? "win" : process.platform}-${process.arch}`,
    "bin",
    process.platform === "win32" ? "node.exe" : "node",
  );
  if (existsSync(broughtPath)) {
    if (process.platform !== "win32") link(broughtPath);
    return broughtPath;
  }
  if (isNewEnough(process.versions.node)) return process.execPath;
  throw new SetupError(
    `Typebar needs Node ${oldestNode.join(".")} or newer, and npm has none for this machine (${process.platform} ${process.arch}); ` +
      `this is Node ${process.versions.node}. Install a newer one from https://nodejs.org and run the command again.`,
  );
}

/** npm leaves `.bin/node` out where several packages name the same command. @param {string} broughtPath */
function link(broughtPath) {
  const binDir = join(modulesDir, ".bin");
  const linkPath = join(binDir, "node");
  const target = relative(binDir, broughtPath);
  const there = lstatSync(linkPath, { throwIfNoEntry: false });
  if (there?.isSymbolicLink() === true && readlinkSync(linkPath) === target) return;
  mkdirSync(binDir, { recursive: true });
  rmSync(linkPath, { force: true });
  symlinkSync(target, linkPath);
}

/** @param {string} version */
function isNewEnough(version) {
  const [major = 0, minor = 0] = version.split(".").map(Number);
  const [oldestMajor = 0, oldestMinor = 0] = oldestNode;
  return major > oldestMajor || (major === oldestMajor && minor >= oldestMinor);
}
