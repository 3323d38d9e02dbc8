/** What the steps of setting up share. Used by the files beside it and by bootstrap.mjs. */
import { spawn } from "node:child_process";
import { constants } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

export const rootDir = dirname(dirname(dirname(fileURLToPath(import.meta.url))));
export const modulesDir = join(rootDir, "node_modules");

/** Something a person can mend; its message is all they are shown. */
export class SetupError extends Error {}

/** Tells what is being done; on stderr, so that what a command prints stays clean. @param {string} sentence */
export function say(sentence) {
  console.error(sentence);
}

/**
 * Runs a command to its end, its output on our stderr.
 *
 * @param {string} command
 * @param {string[]} args
 * @param {{ cwd?: string, env?: NodeJS.ProcessEnv, shell?: boolean }} [options]
 * @returns {Promise<number>} its exit code; 128 + the signal's number where a signal ended it.
 */
export function runStep(command, args, options = {}) {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { cwd: rootDir, ...options, stdio: ["ignore", 2, 2] });
    child.once("error", reject);
    child.once("exit", (code, signal) => resolve(code ?? 128 + (signal === null ? 0 : constants.signals[signal])));
  });
}
