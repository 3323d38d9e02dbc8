/** What every route is given. */
import type { IncomingMessage, ServerResponse } from "node:http";
import type { HttpBindings } from "@hono/node-server";
import type { RecordLog } from "@typebar/log";
import type { EventStreams } from "@typebar/server";
import type { Context, Hono } from "hono";
import type { Generations } from "../generation/generations.ts";
import type { LostEnds } from "../generation/lost-ends.ts";
import type { ProviderRegistry } from "../provider/registry.ts";
import type { ChatStore } from "../store/index.ts";

/**
 * - `resumed`: went on after its ID. - `finished`: there is nothing more.
 * - `expired`, `diverged`: had to begin again. - `unknown`: refused.
 */
export type ResumeResult = "resumed" | "finished" | "expired" | "diverged" | "unknown";

/** Told of errors that no client can be blamed for. */
export type Report = (message: string, error: unknown, details: { requestId: string | undefined }) => void;

export interface RouteContext {
  store: ChatStore;
  log: RecordLog;
  streams: EventStreams;
  lostEnds: LostEnds;
  generations: Generations;
  providers: ProviderRegistry;
  /** Whose conversations a request may see. It has been let in already. */
  ownerOf: (request: IncomingMessage) => string;
  /** What a request is called in the log. @defaultValue nothing */
  requestIdOf?: (request: IncomingMessage) => string | undefined;
  /** Told how each request that carried an event ID of an answer was answered. @defaultValue nobody */
  onResume?: (result: ResumeResult) => void;
  /** How long a client that waits for a whole answer in JSON hears nothing, in milliseconds. @defaultValue 15000 */
  heartbeatMs?: number;
  /** Whether a GET may start an answer, by its `Origin` and `Sec-Fetch-*` headers. */
  mayStartByGet: (request: IncomingMessage) => boolean;
  /**
   * Takes a place for one more event stream of this client until the response is over, once for each response; `false` if there is
   * none. Asked before anything is begun. @defaultValue there always is one
   */
  admitStream?: (request: IncomingMessage, response: ServerResponse) => boolean;
  /** The server is being stopped: nothing new is begun. */
  isDraining: () => boolean;
}

export type ChatApp = Hono<{ Bindings: HttpBindings }>;
export type ChatContext = Context<{ Bindings: HttpBindings }>;
