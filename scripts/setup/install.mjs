/**
 * Makes node_modules what package-lock.json says. First step of bootstrap.mjs.
 * An install counts only after it ended well: the stamp is written last, and every package that npm noted must be there.
 */
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { basename, delimiter, dirname, join } from "node:path";
import { SetupError, modulesDir, rootDir, runStep, say } from "./shared.mjs";

const stampPath = join(modulesDir, ".typebar-install");

/** Settings of an outer `npm start` or `npm test` that would make `npm ci` install only a part, or elsewhere. */
const misleadingNpmSettings =
  /^npm_(?:lifecycle_|package_|command$|config_(?:workspaces?|include_workspace_root|omit|include|only|production|global|location|dry_run|package_lock_only|ignore_scripts|install_strategy|engine_strict)$)/i;

export async function installDependencies() {
  const lockText = readFileSync(join(rootDir, "package-lock.json"), "utf8");
  const stamp = `${createHash("sha256").update(lockText).digest("hex")} ${process.platform} ${process.arch}\n`;
  const installed = readInstalled();
  if (installed !== undefined && isComplete(installed)) {
    if (readIfThere(stampPath) === stamp) return;
    // Installed by hand with `npm install`: the same packages, only without our stamp.
    if (isSame(JSON.parse(lockText).packages, installed)) return writeFileSync(stampPath, stamp);
  }
  say("Installing what Typebar needs from npm. This happens once, and again when package-lock.json changes.");
  rmSync(stampPath, { force: true });
  const { command, args, shell } = npmCommand();
  const code = await runStep(
    command,
    [...args, "ci", "--no-audit", "--no-fund", "--include=dev", "--include=optional", "--loglevel=error"],
    {
      shell,
      env: npmEnvironment(process.env),
    },
  );
  if (code !== 0) {
    throw new SetupError(
      `npm could not install the packages (npm ci ended with code ${code}); what it said stands above. Check the network, then run the command again.`,
    );
  }
  mkdirSync(modulesDir, { recursive: true });
  writeFileSync(stampPath, stamp);
}

/** @typedef {Record<string, { version?: string, integrity?: string, link?: boolean, optional?: boolean, peer?: boolean }>} Packages */

/** What npm noted at the end of its last install. @returns {Packages | undefined} */
function readInstalled() {
  const text = readIfThere(join(modulesDir, ".package-lock.json"));
  if (text === undefined) return undefined;
  try {
    return JSON.parse(text).packages;
  } catch {
    return undefined;
  }
}

/** Whether each noted package still has its package.json. @param {Packages} installed */
function isComplete(installed) {
  return Object.keys(installed).every((path) => existsSync(join(rootDir, path, "package.json")));
}

/** @param {Packages} locked @param {Packages} installed */
function isSame(locked, installed) {
  const known = Object.keys(installed).every((path) => path in locked);
  return (
    known &&
    Object.entries(locked).every(([path, wanted]) => {
      if (path === "" || wanted.link === true) return true;
      const found = installed[path];
      // Optional packages of other platforms are left out by npm.
      if (found === undefined) return wanted.optional === true;
      return found.version === wanted.version && found.integrity === wanted.integrity;
    })
  );
}

/** npm as it started us, by its own Node: the one in node_modules is about to be replaced. */
function npmCommand() {
  const { npm_execpath: npmPath, npm_node_execpath: npmNodePath } = process.env;
  if (npmPath !== undefined && basename(npmPath) === "npm-cli.js" && existsSync(npmPath)) {
    return { command: npmNodePath ?? process.execPath, args: [npmPath], shell: false };
  }
  return { command: "npm", args: [], shell: process.platform === "win32" };
}

/** @param {NodeJS.ProcessEnv} env @returns {NodeJS.ProcessEnv} */
function npmEnvironment(env) {
  const kept = Object.fromEntries(
    Object.entries(env).filter(([name]) => !misleadingNpmSettings.test(name) && name !== "NODE_ENV"),
  );
  const ownBin = join(modulesDir, ".bin");
  const path = (env["PATH"] ?? "").split(delimiter).filter((folder) => folder !== ownBin);
  const npmNodePath = env["npm_node_execpath"];
  if (npmNodePath !== undefined) path.unshift(dirname(npmNodePath));
  return { ...kept, PATH: path.join(delimiter) };
}

/** @param {string} path @returns {string | undefined} */
function readIfThere(path) {
  return existsSync(path) ? readFileSync(path, "utf8") : undefined;
}
