/**
 * Builds the page if its sources changed since it was last built. Third step of bootstrap.mjs.
 * It is built beside the old one and put in its place whole, so a build that is cut off leaves no half page.
 */
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, readdirSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { SetupError, modulesDir, rootDir, runStep, say } from "./shared.mjs";

const webDir = join(rootDir, "apps", "web");
const builtDir = join(webDir, "dist");
const workDir = join(webDir, ".cache");
const stampName = ".typebar-build";

/** All that a build reads; what is named after a folder is left out of it. */
const sources = [
  "apps/web",
  "packages/chat-client",
  "packages/client",
  "packages/sse",
  "packages/chat/src/protocol.ts",
  "package-lock.json",
  "tsconfig.base.json",
];
const leftOut = new Set(["dist", "node_modules", "test", ".cache"]);

/** @param {string} nodePath */
export async function buildPage(nodePath) {
  const stamp = hashSources();
  const stampPath = join(builtDir, stampName);
  if (existsSync(stampPath) && readFileSync(stampPath, "utf8") === stamp) return;
  say("Building the page. This happens once, and again when its sources change.");
  // Nobody else builds here now (lock.mjs), so whatever lies here was left by a build that was cut off.
  rmSync(workDir, { recursive: true, force: true });
  mkdirSync(workDir, { recursive: true });
  const freshDir = join(workDir, "fresh");
  const code = await runStep(
    nodePath,
    [join(modulesDir, "vite", "bin", "vite.js"), "build", "--logLevel", "warn", "--outDir", freshDir, "--emptyOutDir"],
    { cwd: webDir, env: { ...process.env, NODE_ENV: "production" } },
  );
  if (code !== 0)
    throw new SetupError(`The page could not be built (vite ended with code ${code}); what it said stands above.`);
  writeFileSync(join(freshDir, stampName), stamp);
  if (existsSync(builtDir)) renameSync(builtDir, join(workDir, "old"));
  renameSync(freshDir, builtDir);
  rmSync(workDir, { recursive: true, force: true });
}

function hashSources() {
  const hash = createHash("sha256");
  for (const path of sources.flatMap((source) => listFiles(source))) {
    hash
      .update(`${path}\0`)
      .update(readFileSync(join(rootDir, path)))
      .update("\0");
  }
  return hash.digest("hex");
}

/** @param {string} path @returns {string[]} */
function listFiles(path) {
  const full = join(rootDir, path);
  if (!existsSync(full)) return [];
  try {
    return readdirSync(full, { withFileTypes: true })
      .filter((entry) => !leftOut.has(entry.name))
      .map((entry) => entry.name)
      .toSorted()
      .flatMap((name) => listFiles(`${path}/${name}`));
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ENOTDIR") return [path];
    throw error;
  }
}
