/** Who is measured: Typebar on one node over SQLite, on nodes over PostgreSQL and Redis, and resumable-stream over Redis. Opened by cluster.ts. */
import { join } from "node:path";
import { openCluster, openRedis, openTypebarProcess, type Redis, type TypebarProcess } from "@typebar/testing";
import { openBenchProcess } from "./bench-process.ts";

export interface Subject extends AsyncDisposable {
  name: string;
  redis: Redis | undefined;
  /** Of processes that are alike. */
  nodeCount: number;
  /** Begins an answer at one node. @returns where it can be followed: at the next one first, at the one that was asked last. */
  begin(node: number): Promise<string[]>;
  kill(node: number): Promise<void>;
}

export async function openSqliteSubject(modelUrl: string): Promise<Subject> {
  const node = await openTypebarProcess({ env: toEnv(modelUrl) });
  return toTypebarSubject("typebar-sqlite", [node], undefined, () => node[Symbol.asyncDispose]());
}

export async function openClusterSubject(name: string, modelUrl: string, nodes: number): Promise<Subject> {
  const cluster = await openCluster({ nodes, env: toEnv(modelUrl), persistence: "everysec" });
  return toTypebarSubject(name, cluster.nodes, cluster.redis, () => cluster[Symbol.asyncDispose]());
}

export async function openResumableSubject(modelUrl: string, nodes: number): Promise<Subject> {
  const redis = await openRedis({ persistence: "everysec" });
  const path = join(import.meta.dirname, "resumable-main.ts");
  const processes = await Promise.all(
    Array.from({ length: nodes }, () => openBenchProcess(path, [redis.url, modelUrl])),
  );
  const askers: AbortController[] = [];
  let count = 0;
  return {
    name: "resumable-stream",
    redis,
    nodeCount: nodes,
    async begin(node) {
      const id = `answer-${++count}`;
      const abort = new AbortController();
      askers.push(abort);
      const asked = await fetch(`${processes[node]?.url}/start?id=${id}`, { method: "POST", signal: abort.signal });
      void drop(asked);
      return turned(processes, node + 1).map(({ url }) => `${url}/follow?id=${id}`);
    },
    kill: async (node) => processes[node]?.kill(),
    async [Symbol.asyncDispose]() {
      for (const asker of askers) asker.abort();
      for (const process of processes) await process.kill();
      await redis.close();
    },
  };
}

function toEnv(modelUrl: string): Record<string, string> {
  return { OPENAI_BASE_URL: modelUrl, TYPEBAR_MODEL: "steady", TYPEBAR_LOG_LEVEL: "error", TYPEBAR_GRACE_MS: "0" };
}

function toTypebarSubject(
  name: string,
  nodes: readonly TypebarProcess[],
  redis: Redis | undefined,
  dispose: () => PromiseLike<void>,
): Subject {
  return {
    name,
    redis,
    nodeCount: nodes.length,
    async begin(node) {
      const asked = await fetch(`${nodes[node]?.url}/api/chat`, {
        method: "POST",
        headers: { "Content-Type": "application/json" },
        body: JSON.stringify({ message: "Speak." }),
      });
      const path = asked.headers.get("Content-Location");
      if (!asked.ok || path === null) throw new Error(`${name} answered ${asked.status}`);
      await asked.body?.cancel();
      return turned(nodes, node + 1).map(({ url }) => `${url}${path}`);
    },
    kill: async (node) => void (await nodes[node]?.kill("SIGKILL")),
    [Symbol.asyncDispose]: async () => dispose(),
  };
}

/** Beginning with the one at `first`. */
function turned<T>(items: readonly T[], first: number): T[] {
  return items.map((_, index) => items[(first + index) % items.length] as T);
}

async function drop(response: Response): Promise<void> {
  try {
    for await (const _ of response.body ?? []);
  } catch {
    // It was ended with its server.
  }
}
