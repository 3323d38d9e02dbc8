/** Nchan, the hub in C: a module of nginx. Finds Debian's, or installs it where that is allowed, and starts it with one worker. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, readFileSync } from "node:fs";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { connect, createServer, type AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { installWithApt } from "../../scripts/test/apt.ts";
import { residentKib } from "./memory.ts";
import { endProcess, type RunningSubject } from "./subject-process.ts";

const nginxPaths = ["/usr/sbin/nginx", "/usr/local/sbin/nginx", "/usr/bin/nginx"];
const modulePaths = ["/usr/lib/nginx/modules/ngx_nchan_module.so", "/usr/lib64/nginx/modules/ngx_nchan_module.so"];
const startWithinMs = 10_000;
/** More than are opened: when a sixteenth is left, nginx begins to close those that have not asked yet. */
const connections = 24_000;

interface Nchan {
  nginx: string;
  module: string;
}

/** Is it there, or can it be had? */
export function findNchan(): Nchan | undefined {
  const found = search();
  if (found !== undefined) return found;
  installWithApt(["nginx-light", "libnginx-mod-nchan"]);
  return search();
}

function search(): Nchan | undefined {
  const nginx = nginxPaths.find((path) => existsSync(path));
  const module = modulePaths.find((path) => existsSync(path));
  return nginx !== undefined && module !== undefined ? { nginx, module } : undefined;
}

export async function openNchan({ nginx, module }: Nchan, core: number): Promise<RunningSubject> {
  const dir = await mkdtemp(join(tmpdir(), "typebar-bench-nchan-"));
  const port = await findFreePort();
  const configPath = join(dir, "nginx.conf");
  await writeFile(configPath, formatConfig(module, dir, port));
  // Whoever ends us ends the master too, and with it its worker.
  const args = [
    "-c",
    String(core),
    "setpriv",
    "--pdeathsig",
    "TERM",
    nginx,
    "-p",
    dir,
    "-e",
    join(dir, "error.log"),
    "-c",
    configPath,
  ];
  const child = spawn("taskset", args, { stdio: ["ignore", "inherit", "inherit"] });
  const masterPid = child.pid ?? 0;
  const giveUpAt = performance.now() + startWithinMs;
  // The master listens before its worker is there.
  while (listWorkers(masterPid).length === 0 || !(await isAnswered(port))) {
    if (child.exitCode !== null || performance.now() > giveUpAt) throw new Error("nginx with Nchan did not start.");
    await sleep(20);
  }
  return {
    port,
    pids: [masterPid, ...listWorkers(masterPid)],
    liveKib: async () => residentKib([masterPid, ...listWorkers(masterPid)]),
    async [Symbol.asyncDispose]() {
      await endProcess(child, "SIGTERM");
      await rm(dir, { recursive: true, force: true });
    },
  };
}

function listWorkers(masterPid: number): number[] {
  const children = readFileSync(`/proc/${masterPid}/task/${masterPid}/children`, "utf8").trim();
  return children === "" ? [] : children.split(" ").map(Number);
}

/** As Debian brings it, but for: as many connections as are measured, publishers that keep theirs, and room for all messages that are on their way. */
function formatConfig(module: string, dir: string, port: number): string {
  const user = process.getuid?.() === 0 ? "user root;" : "";
  return `load_module ${module};
daemon off;
worker_processes 1;
pid ${dir}/nginx.pid;
${user}
events { worker_connections ${connections}; }
http {
  access_log off;
  keepalive_requests 1000000;
  client_body_temp_path ${dir};
  proxy_temp_path ${dir};
  fastcgi_temp_path ${dir};
  uwsgi_temp_path ${dir};
  scgi_temp_path ${dir};
  server {
    listen 127.0.0.1:${port} backlog=4096;
    location = /events {
      nchan_subscriber eventsource;
      nchan_channel_id bench;
      nchan_subscriber_first_message newest;
    }
    location = /publish {
      nchan_publisher http;
      nchan_channel_id bench;
      nchan_message_buffer_length 1000;
    }
  }
}
`;
}

async function findFreePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, "close");
  return port;
}

function isAnswered(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, "127.0.0.1", () => {
      socket.destroy();
      resolve(true);
    });
    socket.once("error", () => resolve(false));
  });
}
