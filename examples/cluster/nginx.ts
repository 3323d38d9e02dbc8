/** nginx in front of the nodes, with nginx.conf. Started by main.ts. */
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { findProgram, type Program, startProgram, untilReady } from "./program.ts";

/** The ports of nginx.conf: its own, and those of the nodes after it. */
const writtenPort = 8700;

export async function startNginx(dir: string, port: number): Promise<Program> {
  const nginx = findProgram("nginx");
  if (nginx === undefined) throw new Error("nginx is missing: apt-get install nginx-light");
  mkdirSync(dir);
  const config = readFileSync(join(import.meta.dirname, "nginx.conf"), "utf8");
  const path = join(dir, "nginx.conf");
  writeFileSync(
    path,
    config.replaceAll(/127\.0\.0\.1:(\d+)/g, (_, found: string) => `127.0.0.1:${Number(found) - writtenPort + port}`),
  );
  const program = startProgram(nginx, ["-p", dir, "-c", path, "-e", "stderr"]);
  await untilReady("nginx", program, () =>
    fetch(`http://127.0.0.1:${port}/livez`).then(
      (response) => response.ok,
      () => false,
    ),
  );
  return program;
}
