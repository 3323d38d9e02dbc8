/** Starts runtime-main in another runtime, and talks to it over HTTP. Used by adapters. */
import { spawn } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { rolldown } from "rolldown";
import type { HubServer, WorldOptions, WorldState } from "./hub-world.ts";

export async function openRuntimeServer(command: string, args: string[], options: WorldOptions): Promise<HubServer> {
  const dir = await mkdtemp(join(tmpdir(), "typebar-hub-"));
  await writeFile(join(dir, "package.json"), '{"type":"module"}');
  await writeFile(join(dir, "main.js"), await bundleMain());
  await writeFile(join(dir, "start.js"), `import { serve } from "./main.js"; serve(${JSON.stringify(options)});`);
  const child = spawn(command, [...args, join(dir, "start.js")], {
    stdio: ["ignore", "pipe", "pipe"],
    env: { ...process.env, HOME: dir },
  });
  // It reports every stream that is cut off: of use only if it does not start.
  let report = "";
  child.stderr.on("data", (text: Buffer) => (report = `${report}${text.toString()}`.slice(-4000)));
  const ended = new Promise((resolve) => child.once("close", resolve));
  const port = await new Promise<number>((resolve, reject) => {
    child.once("error", reject);
    child.once("close", (code) => reject(new Error(`${command} ended with ${code} before it listened: ${report}`)));
    createInterface({ input: child.stdout }).once("line", (line) => resolve(Number(line)));
  });
  return {
    port,
    async control(sent) {
      const response = await fetch(`http://127.0.0.1:${port}/control`, { method: "POST", body: JSON.stringify(sent) });
      return (await response.json()) as WorldState;
    },
    async [Symbol.asyncDispose]() {
      child.kill("SIGKILL");
      await ended;
      await rm(dir, { recursive: true, force: true, maxRetries: 5 });
    },
  };
}

async function bundleMain(): Promise<string> {
  const bundle = await rolldown({
    input: fileURLToPath(new URL("runtime-main.ts", import.meta.url)),
    platform: "node",
    resolve: { conditionNames: ["typebar-source", "import", "default"] },
  });
  const { output } = await bundle.generate({ format: "esm" });
  return output[0].code;
}
