/** Starts hub-main. Called by main. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { type ProbedProcess, probeOption } from "./watch-process.ts";

export interface HubServer extends ProbedProcess, AsyncDisposable {
  readonly port: number;
}

export async function openHubServer(): Promise<HubServer> {
  const dataDir = await mkdtemp(join(tmpdir(), "typebar-soak-"));
  const args = ["--no-warnings", "--conditions", "typebar-source", join(import.meta.dirname, "hub-main.ts")];
  const child = spawn(process.execPath, [...args, join(dataDir, "log.db")], {
    stdio: ["pipe", "pipe", "inherit"],
    env: { ...process.env, NODE_OPTIONS: probeOption },
  });
  let output = "";
  child.stdout.setEncoding("utf8").on("data", (text: string) => void (output += text));
  while (!output.includes("\n")) {
    if (child.exitCode !== null) throw new Error("The hub did not start");
    await sleep(20);
  }
  return {
    port: Number(/^port (\d+)$/m.exec(output)?.[1]),
    pid: child.pid,
    get output() {
      return output;
    },
    async [Symbol.asyncDispose]() {
      const ended = once(child, "exit");
      child.kill("SIGKILL");
      await ended;
      await rm(dataDir, { recursive: true, force: true });
    },
  };
}
