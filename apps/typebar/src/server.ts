/** The composition root: wires log, store, providers and routes into one server. Called by main.ts. */
import { randomUUID } from "node:crypto";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { hostname } from "node:os";
import { join, resolve } from "node:path";
import { getRequestListener, type HttpBindings, RequestError } from "@hono/node-server";
import { RESPONSE_ALREADY_SENT } from "@hono/node-server/utils/response";
import {
  createChatRoutes,
  createGenerations,
  createProviderRegistry,
  createTitler,
  joinNodes,
  openChatStore,
  problem,
  problemFor,
  type TitlerOptions,
} from "@typebar/chat";
import type { RecordLog } from "@typebar/log";
import { createEventStreams, createHub } from "@typebar/server";
import type { Logger } from "pino";
import { accessInfo } from "./access/access-info.ts";
import { createAccess } from "./access/access.ts";
import { type CreateProblem, toAccessResponse, writeResponse } from "./access/access-response.ts";
import { type Attempts, createOwnAttempts } from "./access/own-attempts.ts";
import { createPasswordGate } from "./access/password-gate.ts";
import { createProxyCheck } from "./access/proxies.ts";
import { createPublishKey } from "./access/publish-key.ts";
import { type RequestFacts, toOriginForm, toRequestFacts } from "./access/request-facts.ts";
import { securityHeaders } from "./access/security-headers.ts";
import { createSharedAttempts } from "./access/shared-attempts.ts";
import { createSignInRoutes } from "./access/sign-in.ts";
import { createStreamLimit } from "./access/stream-limit.ts";
import { createChangePublisher, soleOwner } from "./channels/changes.ts";
import { createChannelRoutes, isChannelFollow } from "./channels/channel-routes.ts";
import { createOnlineChannel, onlineChannel } from "./channels/online.ts";
import type { Config } from "./config/load-config.ts";
import { listen, readOpenFilesLimit } from "./listen.ts";
import { createGenerationLines } from "./logging/generation-lines.ts";
import { giveRequestId, requestIdOf } from "./logging/request-id.ts";
import { logRequest } from "./logging/request-lines.ts";
import { createMetrics } from "./metrics/create-metrics.ts";
import { findProviders } from "./providers.ts";
import { toNetworkUrls, toUrl } from "./server-addresses.ts";
import { createStaticFiles } from "./static/static-files.ts";
import { openStores } from "./stores.ts";

export interface TypebarServer {
  /** Where people open it. */
  url: string;
  /** Where people on other machines open it: with an address that stands for all of this machine's. */
  networkUrls: string[];
  /** Where conversations are kept, for people. */
  place: string;
  /** The model that answers unless a question names another; empty if none could be listed. */
  defaultModel: string;
  /** Only the guide answers: no language model is connected. */
  onlyGuide: boolean;
  hasPage: boolean;
  /**
   * Ends it. Streams are cut first, so that clients come back: to another server where there is one, else to this one, which shows
   * them the rest. Own answers get `graceMs` to finish, else they are handed over to the next start. Nothing new is begun.
   */
  close(graceMs: number): Promise<void>;
}

const ownerOf = (): string => soleOwner;
const rootDir = resolve(import.meta.dirname, "../../..");

/**
 * @throws what {@link openStores} throws; {LogError} "unavailable"; an `EADDRINUSE` or `EACCES` of the port.
 */
export async function openTypebar(config: Config, logger: Logger): Promise<TypebarServer> {
  await using opened = new AsyncDisposableStack();
  const docsDir = join(rootDir, "docs");
  const metrics = createMetrics();
  const { log: plainLog, openDatabase, place } = openStores(config);
  const log = metrics.observeLog(opened.use(plainLog));
  const hub = createHub({ log, observer: metrics.streams });
  const store = opened.use(
    await openChatStore({
      database: openDatabase(),
      onChange: createChangePublisher(hub, (error) => logger.warn({ err: error }, "a change could not be told")),
    }),
  );
  const { providers: found, onlyGuide } = await findProviders(config, docsDir);
  const providers = createProviderRegistry({
    providers: found,
    defaultModel: config.model,
    imageModels: config.imageModels,
  });
  const streams = createEventStreams({ log, observer: metrics.streams });
  const countStreams = (): number => streams.openCount + hub.openCount;
  const holder = `${hostname()}:${process.pid}:${randomUUID().slice(0, 8)}`;
  const nodes =
    config.shared &&
    (await joinNodes({
      store: store.nodes,
      id: holder,
      // A node that cannot write answers must not be counted on to take any up.
      check: () => log.acquire(readyLog, { holder, ttlMs: 0 }),
      countStreams: () => ({ streams: countStreams(), followers: hub.countFollowers(onlineChannel) }),
      report: (message, error) => logger.error({ err: error }, message),
    }));
  if (nodes) opened.defer(() => nodes.leave());
  const online = createOnlineChannel({ hub, countStreams, ...(nodes && { others: nodes }) });
  const streamLimit = createStreamLimit({
    perAddress: config.streamsPerAddress,
    onRefused: () => metrics.streams.refused("too-many-connections"),
  });
  const report: TitlerOptions["report"] = (message, error, details) =>
    logger.error({ err: error, ...details }, message);
  const titler =
    config.titles === "model" ? opened.use(createTitler({ store: store.titles, providers, report })) : undefined;
  const generations = createGenerations({
    log,
    store: store.generations,
    deleted: store.deleted,
    providers,
    limits: { firstTokenMs: config.firstTokenMs, silenceMs: config.silenceMs, totalMs: config.totalMs },
    continuation: config.continuation,
    maxTakeovers: config.attempts,
    logTtlSeconds: config.logTtlSeconds,
    holder,
    ...(nodes && { nodes }),
    report,
    onEnded: titler?.onEnded,
    observers: [metrics.generations, createGenerationLines(logger)],
  });
  let draining = false;

  const gate =
    config.password === undefined
      ? undefined
      : await createPasswordGate({
          password: config.password,
          isHttps: config.publicUrl?.protocol === "https:",
          now: Date.now,
          attempts: createAttempts(log, (error) =>
            logger.warn({ err: error }, "wrong passwords are counted by this server alone: Redis does not answer"),
          ),
        });
  const isPublishKey = config.publishKey === undefined ? undefined : createPublishKey(config.publishKey);
  const { host, publicUrl, origins } = config;
  const access = createAccess({ host, publicUrl, origins, gate, isPublishKey });
  const isProxy = createProxyCheck(config.proxies);
  const factsOf = (incoming: IncomingMessage): RequestFacts => toRequestFacts(incoming, isProxy);
  const routes = createChatRoutes({
    store,
    log,
    streams,
    generations,
    providers,
    ownerOf,
    requestIdOf,
    onResume: metrics.onResume,
    admitStream: (request, response) => streamLimit.admit(factsOf(request).address, response),
    mayStartByGet: ({ headers }) => access.isAllowedStartRequest(headers),
    isDraining: () => draining,
    report: (message, error, details) => logger.error({ err: error, ...details }, message),
  });
  const channels = createChannelRoutes({
    hub,
    online,
    canPublish: isPublishKey !== undefined,
    ownerOf,
    takePlace: ({ address }) => streamLimit.take(address),
    isDraining: () => draining,
  });
  const signIn =
    gate && createSignInRoutes({ gate, addressOf: (incoming) => factsOf(incoming).address, problem: createProblem });
  const files = createStaticFiles({ webDir: join(rootDir, "apps/web/dist"), docsDir });

  async function answer(env: Env, work: () => Promise<Response>): Promise<Response> {
    try {
      return await work();
    } catch (error) {
      logger.error({ err: error, requestId: requestIdOf(env.incoming) }, "a request failed outside its route");
      return problem("internal");
    }
  }

  /** Sets the headers that belong on every answer to it. */
  async function refuse(facts: RequestFacts, outgoing: ServerResponse): Promise<Response | undefined> {
    const decision = await access.decide(facts);
    setHeaders(outgoing, decision.headers);
    return toAccessResponse(decision, (code, detail) => problemFor(facts.path)(code, { detail }));
  }

  async function route(request: Request, env: HttpBindings): Promise<Response> {
    const facts = factsOf(env.incoming);
    const refusal = await refuse(facts, env.outgoing);
    if (refusal) return refusal;
    const { method, path, headers } = facts;
    if (signIn && (path.startsWith("/sign-in") || path === "/sign-out")) return signIn.fetch(request, env);
    if (path === "/api/access") return method === "GET" ? accessInfo(gate !== undefined) : createMethodProblem();
    if (path.startsWith("/api/channels/")) return channels.respond(facts, env);
    if (path.startsWith("/api/") || path.startsWith("/v1/") || path === "/livez" || path === "/readyz")
      return routes.fetch(request, env);
    if (path === "/metrics") return method === "GET" ? metrics.respond() : createMethodProblem();
    return (await files.respond({ method, path, headers })) ?? problem("not-found");
  }

  /** Past the framework, which would hold the request and the response as long as the stream is open: here there may be many. */
  async function followChannels(facts: RequestFacts, env: Env): Promise<void> {
    const answered = await answer(env, async () => (await refuse(facts, env.outgoing)) ?? channels.respond(facts, env));
    if (answered !== RESPONSE_ALREADY_SENT) await writeResponse(env.outgoing, answered);
  }

  const listener = getRequestListener((request, env) => answer(env as Env, () => route(request, env as HttpBindings)), {
    overrideGlobalObjects: false,
    hostname: config.host,
    errorHandler: (error) => {
      if (error instanceof RequestError) return problem("bad-request");
      logger.error({ err: error }, "a request could not be answered");
      return problem("internal");
    },
  });

  function serve(incoming: IncomingMessage, outgoing: ServerResponse): void {
    // On Node's response, before any route: an event stream writes its head there itself.
    setHeaders(outgoing, securityHeaders);
    outgoing.setHeader("X-Request-Id", giveRequestId(incoming));
    const facts = factsOf(incoming);
    logRequest(logger, incoming, outgoing, facts.path);
    const unreadable = access.refuseUnreadable(facts);
    const refusal =
      unreadable && toAccessResponse(unreadable, (code, detail) => problemFor(facts.path)(code, { detail }));
    if (refusal) {
      // What the client sends besides is not read.
      outgoing.setHeader("Connection", "close");
      void writeResponse(outgoing, refusal);
      return;
    }
    toOriginForm(incoming);
    if (isChannelFollow(facts)) void followChannels(facts, { incoming, outgoing });
    else void listener(incoming, outgoing);
  }

  const server = createServer(serve);
  await listen(server, { host: config.host, port: config.port, logger, openFilesLimit: readOpenFilesLimit() });
  await generations.sweep();
  const { default: defaultModel } = await providers
    .list(AbortSignal.timeout(listTimeoutMs))
    .catch(() => ({ default: "" }));
  const resources = opened.move();

  return {
    url: toUrl(config, server),
    networkUrls: toNetworkUrls(config, server),
    place,
    defaultModel,
    onlyGuide,
    hasPage: files.hasPage,
    async close(graceMs) {
      draining = true;
      await nodes?.leave();
      streams.cut();
      hub.cut();
      await generations.drain(graceMs);
      server.close();
      await Promise.all([streams.close(), hub.close()]);
      online.close();
      server.closeAllConnections();
      await resources.disposeAsync();
    },
  };
}

/** For all servers that share the log. */
function createAttempts({ shared }: RecordLog, report: (error: unknown) => void): Attempts {
  const own = createOwnAttempts({ now: steadyNow });
  return shared ? createSharedAttempts({ cells: shared.cells, own, now: steadyNow, report }) : own;
}

const steadyNow = (): number => performance.now();

const createMethodProblem = (): Response => problem("method-not-allowed", { headers: { Allow: "GET" } });
const createProblem: CreateProblem = (code, detail) => problem(code, { detail });

function setHeaders(outgoing: ServerResponse, headers: Readonly<Record<string, string>>): void {
  for (const [name, value] of Object.entries(headers)) outgoing.setHeader(name, value);
}

type Env = Pick<HttpBindings, "incoming" | "outgoing">;

/** What `GET /readyz` writes to. */
const readyLog = "readyz";
/** How long the start waits for providers to list their models. */
const listTimeoutMs = 1000;
