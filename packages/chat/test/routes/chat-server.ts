/** The chat's routes on a real HTTP server, over a scripted provider; owners by a header. */
import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { getRequestListener } from "@hono/node-server";
import type { RecordLog } from "@typebar/log";
import { openMemoryLog } from "@typebar/log/memory";
import { createEventStreams } from "@typebar/server";
import type { EventStreams } from "@typebar/server";
import type { GenerationLimits } from "../../src/generation/deadline.ts";
import { createGenerations, type Generations, type GenerationsOptions } from "../../src/generation/generations.ts";
import type { Change, Conversation } from "../../src/protocol.ts";
import { createProviderRegistry } from "../../src/provider/registry.ts";
import type { ResumeResult } from "../../src/routes/context.ts";
import { createChatRoutes } from "../../src/routes/index.ts";
import { type ChatStore, openChatStore } from "../../src/store/index.ts";
import { openSqliteDatabase } from "../../src/store/sqlite.ts";
import { type Answer, openAnswer } from "./answer.ts";
import { createFakeProvider, type FakeProvider } from "./fake-provider.ts";

export interface ChatServerOptions {
  provider?: FakeProvider;
  /** Wraps the log that generations and routes are given. */
  wrapLog?: (log: RecordLog) => RecordLog;
  wrapStore?: (store: ChatStore) => ChatStore;
  /** Wraps what the routes open their streams with. */
  wrapStreams?: (streams: EventStreams) => EventStreams;
  limits?: Partial<GenerationLimits>;
  generations?: Partial<GenerationsOptions>;
  /** What the store takes for the time. @defaultValue Date.now */
  now?: () => number;
  /** Of a whole answer in JSON. @defaultValue the routes' own */
  heartbeatMs?: number;
  /** @defaultValue the routes' own */
  lostEndsMs?: number;
}

export interface ChatServer extends AsyncDisposable {
  url: string;
  provider: FakeProvider;
  store: ChatStore;
  /** Not wrapped. */
  log: RecordLog;
  generations: Generations;
  streams: EventStreams;
  /** What was reported as nobody's fault but ours. */
  reports: string[];
  /** How requests that carried an event ID were answered. */
  resumes: ResumeResult[];
  /** What owners were told of, in its order. */
  changes: { ownerId: string; change: Change }[];
  /** Requests that are still being worked on. */
  readonly unanswered: number;
  setDraining(draining: boolean): void;
  fetch(path: string, init?: RequestInit): Promise<Response>;
  /** Sends JSON. */
  send(method: string, path: string, body: unknown, headers?: Record<string, string>): Promise<Response>;
  /** Opens an event stream by GET, or by POST of a body. */
  open(path: string, options?: { body?: unknown; headers?: Record<string, string> | undefined }): Promise<Answer>;
  /** Asks and reads the whole answer. */
  ask(body: Record<string, unknown> | string, headers?: Record<string, string>): Promise<Answer>;
  read(conversationId: string): Promise<Conversation>;
}

export async function openChatServer(options: ChatServerOptions = {}): Promise<ChatServer> {
  const { provider = createFakeProvider(), wrapLog = (given) => given, wrapStore = (given) => given } = options;
  const log = openMemoryLog();
  const changes: ChatServer["changes"] = [];
  const store = wrapStore(
    await openChatStore({
      database: openSqliteDatabase(":memory:"),
      ...(options.now && { now: options.now }),
      onChange: (ownerId, change) => void changes.push({ ownerId, change }),
    }),
  );
  const usedLog = wrapLog(log);
  const reports: string[] = [];
  const resumes: ResumeResult[] = [];
  let draining = false;
  const providers = createProviderRegistry({ providers: [provider] });
  const streams = createEventStreams({ log: usedLog });
  const generations = createGenerations({
    log: usedLog,
    store: store.generations,
    deleted: store.deleted,
    providers,
    limits: { firstTokenMs: 20_000, silenceMs: 20_000, totalMs: 60_000, ...options.limits },
    continuation: "auto",
    maxTakeovers: 3,
    logTtlSeconds: 60,
    holder: "test",
    report: (message, error) => reports.push(`${message}: ${String(error)}`),
    ...options.generations,
  });
  const app = createChatRoutes({
    store,
    log: usedLog,
    streams: options.wrapStreams?.(streams) ?? streams,
    generations,
    providers,
    ownerOf: ({ headers }) => (headers["x-owner"] as string | undefined) ?? "alice",
    requestIdOf: ({ headers }) => headers["x-request-id"] as string | undefined,
    onResume: (result) => resumes.push(result),
    mayStartByGet: ({ headers }) => headers["sec-fetch-site"] !== "cross-site",
    isDraining: () => draining,
    ...(options.heartbeatMs !== undefined && { heartbeatMs: options.heartbeatMs }),
    ...(options.lostEndsMs !== undefined && { lostEndsMs: options.lostEndsMs }),
    report: (message, error) => reports.push(`${message}: ${String(error)}`),
  });
  const listener = getRequestListener((request, env) => app.fetch(request, env), {
    overrideGlobalObjects: false,
    errorHandler: (error) => {
      reports.push(`outside its route: ${String(error)}`);
      return new Response(null, { status: 500 });
    },
  });
  let unanswered = 0;
  const server = createServer((incoming, outgoing) => {
    unanswered += 1;
    void listener(incoming, outgoing).finally(() => (unanswered -= 1));
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;

  const send: ChatServer["send"] = (method, path, body, headers = {}) => {
    const init = { method, headers: { "Content-Type": "application/json", ...headers }, body: JSON.stringify(body) };
    return fetch(url + path, init);
  };
  const open: ChatServer["open"] = async (path, { body, headers = {} } = {}) =>
    openAnswer(
      body === undefined
        ? await fetch(url + path, { headers: { Accept: "text/event-stream", ...headers } })
        : await send("POST", path, body, headers),
    );

  return {
    url,
    provider,
    store,
    log,
    generations,
    streams,
    reports,
    resumes,
    changes,
    get unanswered() {
      return unanswered;
    },
    setDraining: (now) => void (draining = now),
    fetch: (path, init) => fetch(url + path, init),
    send,
    open,
    async ask(body, headers) {
      const answer = await open("/api/chat", { body: typeof body === "string" ? { message: body } : body, headers });
      await answer.rest();
      await generations.settled(answer.generationId);
      return answer;
    },
    read: async (conversationId) =>
      (await (await fetch(`${url}/api/conversations/${conversationId}`)).json()) as Conversation,
    async [Symbol.asyncDispose]() {
      server.close();
      server.closeAllConnections();
      await generations.drain(0);
      await store[Symbol.asyncDispose]();
      await log[Symbol.asyncDispose]();
    },
  };
}
