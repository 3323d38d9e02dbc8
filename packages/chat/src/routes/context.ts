/** What every route is given. */
import type { IncomingMessage } from "node:http";
import type { HttpBindings } from "@hono/node-server";
import type { RecordLog } from "@typebar/log";
import type { EventStreams } from "@typebar/server";
import type { Context, Hono } from "hono";
import type { Generations } from "../generation/generations.ts";
import type { ProviderRegistry } from "../provider/registry.ts";
import type { ChatStore } from "../store/index.ts";

export interface RouteContext {
  store: ChatStore;
  log: RecordLog;
  streams: EventStreams;
  generations: Generations;
  providers: ProviderRegistry;
  /** Whose conversations a request may see. It has been let in already. */
  ownerOf: (request: IncomingMessage) => string;
  /** Whether a GET may start an answer, by its `Origin` and `Sec-Fetch-*` headers. */
  mayStartByGet: (request: IncomingMessage) => boolean;
  /** The server is being stopped: nothing new is begun. */
  isDraining: () => boolean;
}

export type ChatApp = Hono<{ Bindings: HttpBindings }>;
export type ChatContext = Context<{ Bindings: HttpBindings }>;
