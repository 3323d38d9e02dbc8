/** The chat of one node over SQLite, with any provider: what the benchmarks measure, without the page and the access checks. */
import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { getRequestListener } from "@hono/node-server";
import {
  createChatRoutes,
  createGenerations,
  createProviderRegistry,
  openChatStore,
  openSqliteDatabase,
  type Provider,
} from "@typebar/chat";
import { openSqliteLog } from "@typebar/log/sqlite";
import { createEventStreams } from "@typebar/server";

export interface BenchChatServer extends AsyncDisposable {
  url: string;
}

export async function openBenchChatServer(provider: Provider): Promise<BenchChatServer> {
  const dataDir = await mkdtemp(join(tmpdir(), "typebar-bench-"));
  const log = openSqliteLog({ path: join(dataDir, "log.db") });
  const store = await openChatStore({ database: openSqliteDatabase(join(dataDir, "typebar.db")) });
  const providers = createProviderRegistry({ providers: [provider] });
  const streams = createEventStreams({ log });
  const generations = createGenerations({
    log,
    store: store.generations,
    deleted: store.deleted,
    providers,
    limits: { firstTokenMs: 60_000, silenceMs: 60_000, totalMs: 900_000 },
    continuation: "auto",
    maxTakeovers: 3,
    logTtlSeconds: 86_400,
    holder: "bench",
    report,
  });
  const routes = createChatRoutes({
    store,
    log,
    streams,
    generations,
    providers,
    ownerOf: () => "local",
    mayStartByGet: () => true,
    isDraining: () => false,
    report,
  });
  const listener = getRequestListener(routes.fetch, { overrideGlobalObjects: false });
  const server = createServer((request, response) => void listener(request, response));
  server.listen({ host: "127.0.0.1", port: 0, backlog: 4096 });
  await once(server, "listening");
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    async [Symbol.asyncDispose]() {
      server.close();
      await streams.close();
      await generations.drain(0);
      server.closeAllConnections();
      await store[Symbol.asyncDispose]();
      await log[Symbol.asyncDispose]();
      await rm(dataDir, { recursive: true, force: true });
    },
  };
}

function report(message: string, error: unknown): void {
  console.error(message, error);
}
