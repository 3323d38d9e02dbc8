/**
 * A real Redis for a test: its own process, port and temporary folder, which all go with the test's process. It can be killed, frozen
 * and started again. Debian's redis-server or valkey-server is taken; `npm test` installs it where it may.
 */
import { spawn } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import { cpSync, mkdtempSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { findInstalled } from "./installed-program.ts";

export interface RedisOptions {
  /** When what was written reaches the disk; "no-file": never, and it is all gone with the process. @defaultValue "no-file" */
  persistence?: "always" | "everysec" | "no-file";
  /** A Redis Cluster of one node, which has no slots yet. @defaultValue false */
  cluster?: boolean;
}

export interface Redis extends AsyncDisposable {
  /** `redis://127.0.0.1:<port>`; stays the same over a restart. */
  readonly url: string;
  readonly port: number;
  /** SIGKILL; its folder stays. */
  kill(): Promise<void>;
  /** Copies what its folder holds. With "always" that is all that it has acknowledged. */
  copyData(): DataCopy;
  /** Starts it again on the same port, with what its folder holds, or nothing, or an older copy; kills it before if it runs. */
  restart(options?: { data?: "none" | DataCopy }): Promise<void>;
  /** SIGSTOP: connections stay open, and nothing is answered. */
  freeze(): void;
  unfreeze(): void;
  close(): Promise<void>;
}

/** What a Redis held at some time. */
export interface DataCopy {
  dir: string;
}

/** Tells the server's process ID, then waits for a word or for our end of the pipe to close, also since we were killed: then the folder goes too. */
const keeper =
  '"$@" </dev/null & server=$!; echo "keeper $server"; read word; kill -CONT $server; kill -KILL $server; wait $server 2>/dev/null; [ "$word" = keep ] || rm -rf "$0"';

/** @throws {Error} where Redis is not to be had, with what to do; or does not start, with what it said. */
export async function openRedis({ persistence = "no-file", cluster = false }: RedisOptions = {}): Promise<Redis> {
  const path = findRedis();
  if (path === undefined) throw new Error("Redis was not found: apt-get install redis-server.");
  const dir = mkdtempSync(join(tmpdir(), "typebar-redis-"));
  const port = await findFreePort();
  const dataDir = join(dir, "appendonlydir");
  let copies = 0;
  const args = toArgs({ dir, port, persistence });
  // Else 10,000 above its port, where there may be none.
  if (cluster) args.push("--cluster-enabled", "yes", "--cluster-port", String(await findFreePort()));
  let server: Server | undefined = await startServer(path, dir, args);

  async function end(word: "keep" | "remove"): Promise<void> {
    const ending = server;
    server = undefined;
    if (!ending) return;
    const ended = once(ending.process, "exit");
    ending.process.stdin?.end(`${word}\n`);
    await ended;
  }
  function signal(name: NodeJS.Signals): void {
    if (server) process.kill(server.pid, name);
  }
  async function close(): Promise<void> {
    await end("remove");
    rmSync(dir, { recursive: true, force: true });
  }

  return {
    url: `redis://127.0.0.1:${port}`,
    port,
    kill: () => end("keep"),
    copyData() {
      const copy = { dir: join(dir, `copy-${++copies}`) };
      cpSync(dataDir, copy.dir, { recursive: true });
      return copy;
    },
    async restart({ data } = {}) {
      await end("keep");
      if (data !== undefined) rmSync(dataDir, { recursive: true, force: true });
      if (data !== undefined && data !== "none") cpSync(data.dir, dataDir, { recursive: true });
      server = await startServer(path, dir, args);
    },
    freeze: () => signal("SIGSTOP"),
    unfreeze: () => signal("SIGCONT"),
    close,
    [Symbol.asyncDispose]: close,
  };
}

/** @returns its path; `undefined` where there is none. */
export function findRedis(): string | undefined {
  return findInstalled("redis-server", "valkey-server");
}

function toArgs({
  dir,
  port,
  persistence,
}: Required<Pick<RedisOptions, "persistence">> & { dir: string; port: number }): string[] {
  const settings = {
    port: String(port),
    bind: "127.0.0.1",
    dir,
    save: "",
    appendonly: persistence === "no-file" ? "no" : "yes",
    appendfsync: persistence === "no-file" ? "no" : persistence,
    "maxmemory-policy": "noeviction",
  };
  return Object.entries(settings).flatMap(([name, value]) => [`--${name}`, value]);
}

interface Server {
  /** The keeper. */
  process: ChildProcess;
  /** Of Redis itself. */
  pid: number;
}

async function startServer(path: string, dir: string, args: string[]): Promise<Server> {
  const child = spawn("/bin/sh", ["-c", keeper, dir, path, ...args], {
    cwd: tmpdir(),
    stdio: ["pipe", "pipe", "ignore"],
  });
  const said: string[] = [];
  let pid = 0;
  for await (const line of createInterface({ input: child.stdout })) {
    const told = /^keeper (\d+)$/.exec(line);
    if (told) pid = Number(told[1]);
    if (line.includes("eady to accept connections")) {
      child.stdout.resume();
      return { process: child, pid };
    }
    said.push(line);
    if (/exiting now|Fatal|FATAL/.test(line)) child.stdin.end("remove\n");
  }
  throw new Error(`Redis did not start: ${said.join("\n")}`);
}

/** Another process could take it before Redis does; then Redis says so and the test fails with that. */
async function findFreePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  const closed = once(server, "close");
  server.close();
  await closed;
  if (address === null || typeof address === "string") throw new Error("There is no free port");
  return address.port;
}
