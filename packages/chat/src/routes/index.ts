/** Every HTTP route of a chat, as one Hono app for Node. Mounted by the program behind its access checks. */
import type { HttpBindings } from "@hono/node-server";
import { RESPONSE_ALREADY_SENT } from "@hono/node-server/utils/response";
import { LogError } from "@typebar/log";
import { type Context, Hono, type MiddlewareHandler } from "hono";
import { matchedRoutes } from "hono/route";
import { createLostEnds } from "../generation/lost-ends.ts";
import { StoreUnavailableError } from "../store/unavailable.ts";
import { addAttachmentRoutes } from "./attachments.ts";
import { addChatRoutes } from "./chat.ts";
import type { ChatApp, Report, RouteContext } from "./context.ts";
import { addConversationRoutes } from "./conversations.ts";
import { addGenerationRoutes } from "./generations.ts";
import { problemFor } from "./openai/error.ts";
import { addOpenAIRoutes } from "./openai/index.ts";
import { addMessageRoutes } from "./messages.ts";
import { ProblemError } from "./problem.ts";
import { addSearchRoutes } from "./search.ts";
import { addSettingsRoutes } from "./settings.ts";
import { addTransferRoutes } from "./transfer.ts";

export interface ChatRoutesOptions extends Omit<RouteContext, "lostEnds"> {
  /** Told of errors that no client can be blamed for. */
  report: Report;
  /** How long who follows an answer can wait for an end that the log has lost, in milliseconds. @defaultValue 5000 */
  lostEndsMs?: number;
}

export function createChatRoutes({ report: tell, lostEndsMs, ...options }: ChatRoutesOptions): ChatApp {
  const app: ChatApp = new Hono<{ Bindings: HttpBindings }>();
  const { store, log, providers, isDraining, requestIdOf, onResume } = options;
  const lookMs = lostEndsMs === undefined ? {} : { lookMs: lostEndsMs };
  const context: RouteContext = {
    ...options,
    lostEnds: createLostEnds({ log, store: store.generations, ...lookMs }),
  };
  const methods = new Map<string, string[]>();
  const refuseMethod = (path: string): Response =>
    problemFor(path)("method-not-allowed", { headers: { Allow: methods.get(path)?.join(", ") ?? "" } });

  const refuseHead: MiddlewareHandler = async (c, next) => {
    if (c.req.method !== "HEAD") return next();
    // Hono would take it for a GET whose body is dropped: that may start an answer, and never ends on a stream.
    const route = matchedRoutes(c).find(({ path }) => methods.has(path));
    // Below /api/ it is refused before it is looked whether there is anything: with an empty list of methods if not.
    return route || c.req.path.startsWith("/api/") ? refuseMethod(route?.path ?? c.req.path) : next();
  };
  app.use(forbidStoring);
  app.use(dropGone);
  for (const prefix of ["/api/*", "/v1/*"]) app.use(prefix, refuseHead);
  addChatRoutes(app, context);
  addGenerationRoutes(app, context);
  addSearchRoutes(app, context);
  addConversationRoutes(app, context);
  addMessageRoutes(app, context);
  addAttachmentRoutes(app, context);
  addSettingsRoutes(app, context);
  addTransferRoutes(app, context, tell);
  addOpenAIRoutes(app, context);

  app.get("/api/models", async (c) => c.json(await providers.list(c.req.raw.signal)));
  app.get("/livez", (c) => c.json({ status: "live" }));
  app.get("/readyz", async (c) => {
    if (isDraining()) throw new ProblemError("draining");
    // A lease that ends at once: a store that can be read but refuses to write is not ready.
    await Promise.all([store.ping(), log.acquire("readyz", { holder: "readyz", ttlMs: 0 })]);
    return c.json({ status: "ready" });
  });

  for (const { path, method } of app.routes) {
    if (method !== "ALL") methods.set(path, [...(methods.get(path) ?? []), method]);
  }
  for (const path of methods.keys()) app.all(path, () => refuseMethod(path));
  app.notFound((c) => problemFor(c.req.path)("not-found"));

  app.onError((error, c) => {
    const { incoming, outgoing } = c.env;
    const report = (message: string): void => tell(message, error, { requestId: requestIdOf?.(incoming) });
    if (outgoing.headersSent) {
      // Whatever is written now would stand inside the stream, and end it as if it were whole.
      report("a response failed after its head");
      outgoing.destroy();
      return RESPONSE_ALREADY_SENT;
    }
    const problem = problemFor(c.req.path);
    if (error instanceof ProblemError && error.code === "unknown-event-id") onResume?.("unknown");
    if (error instanceof ProblemError) return problem(error.code, error.options);
    if (isGone(c, error)) return RESPONSE_ALREADY_SENT;
    if (isStoreError(error)) {
      report("the store did not answer");
      return problem("store-unavailable");
    }
    report("a request failed");
    return problem("internal");
  });
  return app;
}

/** Every answer is somebody's, and soon another. On Node's response: an event stream writes its head there, with its own. */
const forbidStoring: MiddlewareHandler<{ Bindings: HttpBindings }> = async (c, next) => {
  c.env.outgoing.setHeader("Cache-Control", "no-store");
  return next();
};

/** What is thrown because the client left need not be an `Error`, and then does not come to `onError`. */
const dropGone: MiddlewareHandler = async (c, next) => {
  try {
    return await next();
  } catch (error) {
    if (isGone(c, error)) return RESPONSE_ALREADY_SENT;
    throw error;
  }
};

/** Nobody is left to answer, and nothing failed. */
function isGone({ req }: Context, error: unknown): boolean {
  const { signal } = req.raw;
  return signal.aborted && signal.reason === error;
}

/** The log and a lost PostgreSQL say so themselves; SQLite and PostgreSQL mark what they refuse by `errcode` and `severity`. */
function isStoreError(error: unknown): boolean {
  if (error instanceof LogError || error instanceof StoreUnavailableError) return error.code === "unavailable";
  return error instanceof Error && ("errcode" in error || "severity" in error);
}
