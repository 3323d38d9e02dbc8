/**
 * A real nginx in front of several servers: round robin, nobody kept at one server, nothing buffered, and who is dead is passed over.
 * Its own process, port and temporary folder, which go with the test's process. Debian's is taken; `npm test` installs it where it may.
 */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { findInstalled } from "./installed-program.ts";
import { findFreePort } from "./typebar-process.ts";

export interface Nginx extends AsyncDisposable {
  readonly port: number;
}

/** Waits for our end of the pipe to close, also since we were killed: then it ends, and its folder goes. */
const keeper = '"$@" </dev/null & server=$!; read word; kill -KILL $server; wait $server 2>/dev/null; rm -rf "$0"';

/**
 * @param serverPorts on 127.0.0.1.
 * @throws {Error} where nginx is not to be had, with what to do; or does not start, with what it said.
 */
export async function openNginx(serverPorts: readonly number[]): Promise<Nginx> {
  const path = findInstalled("nginx");
  if (path === undefined) throw new Error("nginx was not found: apt-get install nginx.");
  const dir = mkdtempSync(join(tmpdir(), "typebar-nginx-"));
  const port = await findFreePort();
  const configPath = join(dir, "nginx.conf");
  writeFileSync(configPath, toConfig(dir, port, serverPorts));
  const child = spawn("/bin/sh", ["-c", keeper, dir, path, "-p", dir, "-c", configPath, "-e", "stderr"], {
    cwd: tmpdir(),
    stdio: ["pipe", "ignore", "pipe"],
  });
  let said = "";
  child.stderr.setEncoding("utf8").on("data", (text: string) => void (said = (said + text).slice(-10_000)));
  let isEnding = false;
  async function close(): Promise<void> {
    if (isEnding) return;
    isEnding = true;
    const ended = once(child, "exit");
    child.stdin.end("end\n");
    await ended;
    rmSync(dir, { recursive: true, force: true });
  }
  while (!(await isOpen(port))) {
    if (/\[emerg\]/.test(said)) {
      await close();
      throw new Error(`nginx did not start: ${said}`);
    }
    await sleep(20);
  }
  return { port, [Symbol.asyncDispose]: close };
}

async function isOpen(port: number): Promise<boolean> {
  const socket = connect({ host: "127.0.0.1", port });
  try {
    await once(socket, "connect");
    return true;
  } catch {
    return false;
  } finally {
    socket.destroy();
  }
}

/** One process, so that it is ended by ending it. A start may be sent to a second server, since it carries an Idempotency-Key. */
function toConfig(dir: string, port: number, serverPorts: readonly number[]): string {
  const tempPaths = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"].map(
    (name) => `${name}_temp_path ${dir}/${name};`,
  );
  return `daemon off;
master_process off;
pid ${dir}/nginx.pid;
error_log stderr error;
events { worker_connections 4096; }
http {
  access_log off;
  ${tempPaths.join("\n  ")}
  upstream nodes {
    ${serverPorts.map((serverPort) => `server 127.0.0.1:${serverPort} max_fails=1 fail_timeout=1s;`).join("\n    ")}
  }
  server {
    listen 127.0.0.1:${port};
    location / {
      proxy_pass http://nodes;
      proxy_http_version 1.1;
      proxy_set_header Connection "";
      proxy_set_header Host $http_host;
      proxy_buffering off;
      proxy_connect_timeout 1s;
      proxy_read_timeout 60s;
      proxy_next_upstream error timeout http_502 http_503 non_idempotent;
    }
  }
}
`;
}
