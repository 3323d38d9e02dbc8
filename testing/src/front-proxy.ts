/** A real nginx or Caddy in front of servers, for the tests: with the very configuration that docs/deploy ships, but for its addresses. */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createConnection } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { findInstalled } from "./installed-program.ts";
import { findFreePort } from "./typebar-process.ts";

export interface FrontProxy extends AsyncDisposable {
  readonly url: string;
  readonly port: number;
}

export interface FrontProxyOptions {
  kind: "nginx" | "caddy";
  /** Of the servers behind it, on this machine, as many as the configuration names. */
  ports: readonly number[];
}

const deployDir = join(import.meta.dirname, "../../docs/deploy");
const readyTimeoutMs = 30_000;

/** Ends the server and removes its folder as soon as our end of the pipe closes: also when we are killed. */
const keeper = '"$@" </dev/null & server=$!; cat >/dev/null; kill -TERM $server; wait $server; rm -rf "$0"';

/** @throws {Error} where the program is not to be had, with what to do; or does not start, with what it said. */
export async function openFrontProxy({ kind, ports }: FrontProxyOptions): Promise<FrontProxy> {
  const path = findInstalled(kind);
  if (path === undefined) throw new Error(`${kind} was not found: apt-get install ${kind}.`);
  const dir = mkdtempSync(join(tmpdir(), `typebar-${kind}-`));
  // Started by root, nginx's workers are somebody else, and keep large questions in a folder below.
  chmodSync(dir, 0o711);
  const port = await findFreePort();
  const args = kind === "nginx" ? writeNginx(dir, port, ports) : writeCaddy(dir, port, ports);
  const child = spawn("/bin/sh", ["-c", keeper, dir, path, ...args], {
    cwd: dir,
    env: { PATH: process.env["PATH"], HOME: dir },
    stdio: ["pipe", "pipe", "pipe"],
  });
  const said: string[] = [];
  for (const stream of [child.stdout, child.stderr]) stream.on("data", (piece: Buffer) => said.push(piece.toString()));
  const close = (): Promise<void> => end(child, dir);
  const deadlineMs = performance.now() + readyTimeoutMs;
  while (!(await isListening(port))) {
    if (performance.now() > deadlineMs) {
      await close();
      throw new Error(`${kind} did not start: ${said.join("")}`);
    }
    await new Promise((settle) => setTimeout(settle, 50));
  }
  return { url: `http://127.0.0.1:${port}`, port, [Symbol.asyncDispose]: close };
}

function writeNginx(dir: string, port: number, ports: readonly number[]): string[] {
  const site = replaceServers(readFileSync(join(deployDir, "nginx.conf"), "utf8"), ports).replace(
    "listen 80;",
    `listen 127.0.0.1:${port};`,
  );
  const temporary = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"];
  const path = join(dir, "nginx.conf");
  // As Debian's own nginx.conf stands around the files of conf.d, and keener to compress.
  writeFileSync(
    path,
    `daemon off;
pid ${dir}/nginx.pid;
events { worker_connections 768; }
http {
gzip on;
gzip_types *;
access_log off;
${temporary.map((name) => `${name}_temp_path ${dir}/${name};`).join("\n")}
${site}
}
`,
  );
  return ["-p", dir, "-c", path, "-e", "stderr"];
}

function writeCaddy(dir: string, port: number, ports: readonly number[]): string[] {
  const site = replaceServers(readFileSync(join(deployDir, "Caddyfile"), "utf8"), ports).replace(
    /^chat\.example\.org \{$/m,
    `http://127.0.0.1:${port} {`,
  );
  const path = join(dir, "Caddyfile");
  writeFileSync(path, `{\n\tadmin off\n}\n${site}`);
  return ["run", "--adapter", "caddyfile", "--config", path];
}

/** The addresses of the three servers in the shipped files. */
function replaceServers(config: string, ports: readonly number[]): string {
  return config.replaceAll(/10\.0\.0\.1(\d):8787/g, (_, digit: string) => `127.0.0.1:${ports[Number(digit) - 1]}`);
}

async function end(child: ChildProcess, dir: string): Promise<void> {
  const ended = child.exitCode === null ? once(child, "exit") : undefined;
  child.stdin?.end();
  await ended;
  rmSync(dir, { recursive: true, force: true });
}

async function isListening(port: number): Promise<boolean> {
  const socket = createConnection(port, "127.0.0.1");
  try {
    await once(socket, "connect");
    return true;
  } catch {
    return false;
  } finally {
    socket.destroy();
  }
}
