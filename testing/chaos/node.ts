/** One Typebar of a chaos run, as a supervisor would keep it: started again until it runs. Its stores are at the far end of cables. */
import { type Cable, openCable, openTypebarProcess, type TypebarProcess } from "@typebar/testing";
import type { NodeName } from "./plan.ts";
import type { Writers } from "./writers.ts";

export interface ChaosNode extends AsyncDisposable {
  readonly name: NodeName;
  readonly url: string;
  readonly port: number;
  readonly cables: Readonly<Record<"redis" | "postgres", Cable>>;
  /** Everything that it has printed in all its lives. */
  readonly lines: readonly string[];
  end(signal: "SIGKILL" | "SIGTERM"): Promise<void>;
  freeze(): void;
  unfreeze(): void;
  /** Settles when it is ready, however often it has to be started: its stores may be away. Rejects when the signal is aborted. */
  start(signal: AbortSignal): Promise<void>;
}

export interface ChaosNodeOptions {
  name: NodeName;
  redisPort: number;
  postgresPort: number;
  env: Record<string, string>;
  writers: Writers;
}

export async function openChaosNode({
  name,
  redisPort,
  postgresPort,
  env,
  writers,
}: ChaosNodeOptions): Promise<ChaosNode> {
  let life = 1;
  let past = "";
  await using opened = new AsyncDisposableStack();
  const redis = opened.use(
    await openCable({ targetPort: redisPort, listen: () => writers.listen(`${name}, life ${life}`) }),
  );
  const postgres = opened.use(await openCable({ targetPort: postgresPort }));
  const typebar: TypebarProcess = opened.use(
    await openTypebarProcess({
      env: {
        ...env,
        DATABASE_URL: `postgresql://postgres@127.0.0.1:${postgres.port}/postgres`,
        REDIS_URL: `redis://127.0.0.1:${redis.port}`,
      },
    }),
  );
  const resources = opened.move();

  const send = (what: NodeJS.Signals): void => {
    if (typebar.pid !== undefined) process.kill(-typebar.pid, what);
  };
  return {
    name,
    url: typebar.url,
    port: typebar.port,
    cables: { redis, postgres },
    get lines() {
      return (past + typebar.output).split("\n").filter((line) => line !== "");
    },
    async end(how) {
      const code = await typebar.kill(how);
      past += `${typebar.output}\nended by ${how}, exit code ${code}\n`;
    },
    freeze: () => send("SIGSTOP"),
    unfreeze: () => send("SIGCONT"),
    async start(signal) {
      const onAbort = (): void => void typebar.kill();
      signal.addEventListener("abort", onAbort);
      try {
        for (;;) {
          signal.throwIfAborted();
          life += 1;
          try {
            return await typebar.start();
          } catch {
            await typebar.kill();
            past += `${typebar.output}\ncould not start\n`;
          }
        }
      } finally {
        signal.removeEventListener("abort", onAbort);
      }
    },
    [Symbol.asyncDispose]: () => resources.disposeAsync(),
  };
}
