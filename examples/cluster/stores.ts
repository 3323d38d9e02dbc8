/** A PostgreSQL and a Redis of their own, in a temporary folder: what the nodes share. Started by main.ts. */
import { spawnSync } from "node:child_process";
import { once } from "node:events";
import { chownSync, existsSync, mkdirSync } from "node:fs";
import { connect } from "node:net";
import { join } from "node:path";
import { findProgram, type Program, startProgram, untilReady } from "./program.ts";

export interface Store {
  url: string;
  program: Program;
}

/** PostgreSQL refuses to run as root, so then it runs as nobody. */
const nobody = { uid: 65_534, gid: 65_534 };

/** On a Unix socket: it needs no port. */
export async function startPostgres(dir: string): Promise<Store> {
  const [initdb, postgres] = [findProgram("initdb"), findProgram("postgres")];
  if (initdb === undefined || postgres === undefined)
    throw new Error("PostgreSQL is missing: apt-get install postgresql");
  const as = process.getuid?.() === 0 ? nobody : undefined;
  mkdirSync(dir);
  if (as) chownSync(dir, as.uid, as.gid);
  const env = { PATH: process.env["PATH"], HOME: dir, TZ: "UTC", LC_ALL: "C" };
  const data = join(dir, "data");
  const made = spawnSync(initdb, ["-D", data, "-U", "postgres", "--auth=trust", "--encoding=UTF8", "--locale=C"], {
    ...as,
    cwd: dir,
    env,
    encoding: "utf8",
  });
  if (made.status !== 0) throw new Error(`PostgreSQL could not be set up:\n${made.stderr || String(made.error)}`);
  const program = startProgram(postgres, ["-D", data, "-c", "listen_addresses=", "-k", dir], {
    env,
    orphanSignal: "SIGINT",
    ...(as && { as }),
  });
  let ready = false;
  await untilReady("PostgreSQL", program, async () => {
    ready ||= program.said.some((line) => line.includes("ready to accept connections"));
    return ready && existsSync(join(dir, ".s.PGSQL.5432"));
  });
  return { url: `postgresql://postgres@localhost/postgres?host=${encodeURIComponent(dir)}`, program };
}

/** With what keeps every answer over a `kill -9` of Redis too. */
export async function startRedis(dir: string, port: number): Promise<Store> {
  const redis = findProgram("redis-server", "valkey-server");
  if (redis === undefined) throw new Error("Redis is missing: apt-get install redis-server");
  mkdirSync(dir);
  const settings = ["--appendonly", "yes", "--appendfsync", "always", "--maxmemory-policy", "noeviction", "--save", ""];
  const program = startProgram(redis, ["--port", String(port), "--bind", "127.0.0.1", "--dir", dir, ...settings]);
  await untilReady("Redis", program, () => isListening(port));
  return { url: `redis://127.0.0.1:${port}`, program };
}

async function isListening(port: number): Promise<boolean> {
  const socket = connect(port, "127.0.0.1");
  try {
    await once(socket, "connect");
    return true;
  } catch {
    return false;
  } finally {
    socket.destroy();
  }
}
