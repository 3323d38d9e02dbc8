/** The scripted model as a process of its own, behind a cable. Opened by world.ts. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { type Cable, openCable, type ScriptedRequest } from "@typebar/testing";

export interface ChaosModel extends AsyncDisposable {
  /** Through the cable. */
  readonly url: string;
  readonly cable: Cable;
  /** Past the cable: from now on each question is answered 500, or not any more. */
  say(what: "break" | "mend"): Promise<void>;
  read(): Promise<{ requests: ScriptedRequest[]; violations: string[] }>;
}

const mainPath = fileURLToPath(new URL("../src/scripted-model-main.ts", import.meta.url));

export async function openChaosModel(): Promise<ChaosModel> {
  const child = spawn(process.execPath, ["--conditions", "typebar-source", mainPath], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  const [line] = (await once(createInterface({ input: child.stdout }), "line")) as [string];
  const { url } = JSON.parse(line) as { url: string };
  const { origin, port } = new URL(url);
  const cable = await openCable({ targetPort: Number(port) });
  return {
    url: `http://127.0.0.1:${cable.port}/v1`,
    cable,
    async say(what) {
      await fetch(`${origin}/${what}`, { method: "POST" });
    },
    async read() {
      const response = await fetch(`${origin}/requests`);
      return (await response.json()) as { requests: ScriptedRequest[]; violations: string[] };
    },
    async [Symbol.asyncDispose]() {
      const ended = once(child, "exit");
      child.kill("SIGKILL");
      await Promise.all([ended, cable[Symbol.asyncDispose]()]);
    },
  };
}
