/**
 * Runs the verb's program under the found Node and ends as it ends. Last step of bootstrap.mjs.
 * The program stays in our process group: whatever ends the group ends it too.
 */
import { spawn } from "node:child_process";
import { constants } from "node:os";
import { join } from "node:path";
import { modulesDir } from "./shared.mjs";

/** A signal that comes again so soon is the same one, told by npm as well as by whoever sent it to the whole group. */
const sameSignalMs = 500;
const parentPollMs = 250;

/**
 * @param {string} nodePath
 * @param {string[]} args
 * @param {Record<string, string>} env
 * @returns {Promise<void>}
 */
export function runProgram(nodePath, args, env) {
  return new Promise((resolve, reject) => {
    const child = spawn(nodePath, ["--conditions", "typebar-source", ...args], {
      stdio: "inherit",
      env: { NODE_COMPILE_CACHE: join(modulesDir, ".cache", "compile"), ...process.env, ...env },
    });
    const stopForwarding = forwardSignals((signal) => child.kill(signal));
    child.once("error", reject);
    child.once("exit", (code, signal) => {
      stopForwarding();
      if (signal === null) process.exitCode = code ?? 1;
      else endBySignal(signal);
      resolve();
    });
  });
}

/** @param {(signal: NodeJS.Signals) => void} forward @returns {() => void} */
function forwardSignals(forward) {
  const hasTerminal = [process.stdin, process.stdout, process.stderr].some((stream) => stream.isTTY);
  /** @type {Map<NodeJS.Signals, number>} */
  const lastSeen = new Map();
  /** @param {NodeJS.Signals} signal */
  const handle = (signal) => {
    const now = performance.now();
    const seen = lastSeen.get(signal);
    if (seen !== undefined && now - seen < sameSignalMs) return;
    lastSeen.set(signal, now);
    // Ctrl-C: the terminal has told every process of the group, the program among them.
    if (signal === "SIGINT" && hasTerminal) return;
    forward(signal);
  };
  // npm tells only its shell, and a shell that is ended so leaves us behind without a word.
  const parentPid = process.ppid;
  const watch = setInterval(() => {
    if (lastSeen.size === 0 && process.ppid !== parentPid) handle("SIGTERM");
  }, parentPollMs);
  if (process.env["npm_lifecycle_event"] === undefined) clearInterval(watch);
  const signals = /** @type {NodeJS.Signals[]} */ (["SIGINT", "SIGTERM", "SIGHUP"]);
  for (const signal of signals) process.on(signal, handle);
  return () => {
    clearInterval(watch);
    for (const signal of signals) process.removeListener(signal, handle);
  };
}

/** Whoever started us sees what ended the program. @param {NodeJS.Signals} signal */
function endBySignal(signal) {
  process.exitCode = 128 + constants.signals[signal];
  process.kill(process.pid, signal);
}
