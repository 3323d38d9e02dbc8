/**
 * A real PgBouncer before a PostgreSQL, by default in transaction mode: each transaction gets any connection to it, and what was set on one is
 * of no use to the next. Its own process, port and temporary folder, which go with the test's process. `npm test` installs Debian's where it may.
 */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { chownSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { findInstalled } from "./installed-program.ts";
import type { Postgres } from "./postgres.ts";
import { findFreePort } from "./typebar-process.ts";

export interface PgBouncer extends AsyncDisposable {
  /** For `pg`; the same database as the PostgreSQL's. */
  readonly url: string;
}

/** It refuses to run as root, so then it runs as nobody. */
const unprivilegedId = 65_534;

/** Waits for our end of the pipe to close, also since we were killed: then it ends, and its folder goes. */
const keeper = '"$@" </dev/null & server=$!; read word; kill -KILL $server; wait $server 2>/dev/null; rm -rf "$0"';

export interface PgBouncerOptions {
  /** What a client keeps its connection for. @defaultValue "transaction" */
  mode?: "transaction" | "statement";
}

/** @throws {Error} where PgBouncer is not to be had, with what to do; or does not start, with what it said. */
export async function openPgBouncer(
  { url }: Postgres,
  { mode = "transaction" }: PgBouncerOptions = {},
): Promise<PgBouncer> {
  const path = findInstalled("pgbouncer");
  if (path === undefined) throw new Error("PgBouncer was not found: apt-get install pgbouncer.");
  const socketDir = new URL(url).searchParams.get("host");
  if (socketDir === null) throw new Error("PostgreSQL has no Unix socket");
  const dir = mkdtempSync(join(tmpdir(), "typebar-pgbouncer-"));
  const as = process.getuid?.() === 0 ? { uid: unprivilegedId, gid: unprivilegedId } : {};
  if (as.uid !== undefined) chownSync(dir, as.uid, as.gid);
  const port = await findFreePort();
  const configPath = join(dir, "pgbouncer.ini");
  writeFileSync(configPath, toConfig({ port, socketDir, mode }));
  const child = spawn("/bin/sh", ["-c", keeper, dir, path, configPath], {
    ...as,
    cwd: tmpdir(),
    stdio: ["pipe", "ignore", "pipe"],
  });
  const said: string[] = [];
  for await (const line of createInterface({ input: child.stderr })) {
    if (line.includes("process up")) {
      child.stderr.resume();
      return {
        url: `postgresql://postgres@127.0.0.1:${port}/postgres`,
        async [Symbol.asyncDispose]() {
          const ended = once(child, "exit");
          child.stdin.end("end\n");
          await ended;
          rmSync(dir, { recursive: true, force: true });
        },
      };
    }
    said.push(line);
    if (line.includes("FATAL")) child.stdin.end("end\n");
  }
  throw new Error(`PgBouncer did not start: ${said.join("\n")}`);
}

function toConfig({ port, socketDir, mode }: { port: number; socketDir: string; mode: string }): string {
  return `[databases]
postgres = host=${socketDir} user=postgres
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = ${port}
unix_socket_dir =
auth_type = any
pool_mode = ${mode}
default_pool_size = 3
max_client_conn = 100
`;
}
