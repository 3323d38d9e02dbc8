/**
 * Lets one process at a time set up this clone: `npm start` in one terminal and `npm test` in another would else both
 * run `npm ci`. Wraps the steps in bootstrap.mjs. The lock is a listening local socket, so it ends with its holder.
 */
import { createHash } from "node:crypto";
import { once } from "node:events";
import { rmSync } from "node:fs";
import { connect, createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { rootDir, say } from "./shared.mjs";

const pollMs = 200;

/**
 * @template T
 * @param {() => Promise<T>} work
 * @returns {Promise<T>}
 */
export async function withSetupLock(work) {
  const address = lockAddress();
  // The first time may only have cleared away what a killed holder left.
  let holder = (await take(address)) ?? (await take(address));
  for (let told = false; holder === undefined; told = true) {
    if (!told) say("Waiting for another command that is setting up this folder.");
    await sleep(pollMs);
    holder = await take(address);
  }
  try {
    return await work();
  } finally {
    holder.close();
  }
}

function lockAddress() {
  const name = createHash("sha256").update(`${rootDir} ${process.getuid?.()}`).digest("hex").slice(0, 16);
  // Not an abstract socket: Node 20 and 24 pad its name differently, and would not see each other.
  return process.platform === "win32" ? `\\\\.\\pipe\\typebar-${name}` : join(tmpdir(), `typebar-${name}.sock`);
}

/** @param {string} address @returns {Promise<import("node:net").Server | undefined>} `undefined` while it is another's. */
async function take(address) {
  const server = createServer((socket) => socket.destroy());
  server.listen(address);
  try {
    await once(server, "listening");
    return server;
  } catch (error) {
    if (!(error instanceof Error) || !("code" in error) || error.code !== "EADDRINUSE") throw error;
    await clearAbandoned(address);
    return undefined;
  }
}

/** Outside Windows a killed holder leaves its socket's file behind; nobody answers there. @param {string} address */
async function clearAbandoned(address) {
  if (process.platform !== "win32" && !(await isAnswered(address))) rmSync(address, { force: true });
}

/** @param {string} address @returns {Promise<boolean>} */
function isAnswered(address) {
  return new Promise((resolve) => {
    const socket = connect(address, () => {
      socket.destroy();
      resolve(true);
    });
    socket.once("error", () => resolve(false));
  });
}
