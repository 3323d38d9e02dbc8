/** `/api/channels/…`: follow and publish. Called by the composition root for what access.ts has let in. */
import type { IncomingMessage } from "node:http";
import type { HttpBindings } from "@hono/node-server";
import { RESPONSE_ALREADY_SENT } from "@hono/node-server/utils/response";
import { problem, ProblemError, readJson, tooManyStreams } from "@typebar/chat";
import { headerNames } from "@typebar/chat/protocol";
import { type Hub, HubError } from "@typebar/server";
import type { RequestFacts } from "../access/request-facts.ts";
import { isOwnChannel, toFollowed } from "./channel-names.ts";
import { toProblemError } from "./hub-problem.ts";
import { type OnlineChannel, onlineChannel } from "./online.ts";
import { parsePublishBody } from "./publish-body.ts";

export interface ChannelRoutesOptions {
  hub: Hub;
  online: OnlineChannel;
  /** Whether anybody may publish. Who may was decided before: whoever is let in here is the owner, or has the key. */
  canPublish: boolean;
  /** Whose changes a request may follow. It has been let in already. */
  ownerOf: (request: IncomingMessage) => string;
  /** Takes a place for one more event stream of this client. @returns the way to give it back; `undefined` if there is none. */
  takePlace: (facts: RequestFacts) => (() => void) | undefined;
  /** The server is being stopped: nothing new is published. */
  isDraining: () => boolean;
}

export interface ChannelRoutes {
  /** Rejects with what no client can be blamed for; nothing was answered then. */
  respond: (facts: RequestFacts, env: Env) => Promise<Response>;
}

type Env = Pick<HttpBindings, "incoming" | "outgoing">;

/** Whether it asks for a stream that many may hold for long. */
export function isChannelFollow({ method, path }: RequestFacts): boolean {
  return method === "GET" && path.startsWith("/api/channels/");
}

/** Several channels are followed at one address; one is followed, and published to, at its own. */
const pathForm = /^\/api\/channels\/(?:([^/]+)\/)?events$/;
const mostHistory = 1000;

export function createChannelRoutes(options: ChannelRoutesOptions): ChannelRoutes {
  const { hub, online, canPublish, ownerOf, takePlace, isDraining } = options;

  async function follow(names: readonly string[], facts: RequestFacts, env: Env): Promise<Response> {
    const { incoming: request, outgoing: response } = env;
    const channels = names.map((name) => toFollowed(name, ownerOf(request)));
    const isOnline = channels.includes(onlineChannel);
    // Whoever follows `online` wants to know the present count, not only the next one.
    const history = readHistory(queryOf(request.url ?? "")) ?? (isOnline && channels.length === 1 ? 1 : 0);
    const giveBack = takePlace(facts);
    if (!giveBack) throw new ProblemError("too-many-streams", tooManyStreams);
    using undo = new DisposableStack();
    undo.defer(giveBack);
    if (isOnline && history > 0) await online.expect();
    const opened = await hub.open({
      request,
      response,
      channels,
      history,
      ...(request.headers[headerNames.resume.toLowerCase()] === "1" && { rotate: true }),
    });
    if (!opened) return RESPONSE_ALREADY_SENT;
    undo.move();
    void opened.closed.then(giveBack);
    if (isOnline) online.watch({ tellsAgain: history === 0 });
    return RESPONSE_ALREADY_SENT;
  }

  async function publish(channel: string, { incoming, outgoing }: Env): Promise<Response> {
    if (!canPublish) throw new ProblemError("publishing-off");
    if (isOwnChannel(channel)) throw new ProblemError("reserved-channel");
    if (isDraining()) throw new ProblemError("draining");
    const published = await hub.publish(channel, parsePublishBody(await readJson(incoming, outgoing)));
    return Response.json(published, { headers: { "Cache-Control": "no-store" } });
  }

  async function route(facts: RequestFacts, env: Env): Promise<Response> {
    const found = pathForm.exec(facts.path);
    const channel = found?.[1];
    // Below /api/ a HEAD is refused before it is looked whether there is anything.
    if (!found) return facts.method === "HEAD" ? refuseMethod("") : problem("not-found");
    if (facts.method === "GET") return follow(channel === undefined ? readChannels(env) : [channel], facts, env);
    if (facts.method === "POST" && channel !== undefined) return publish(channel, env);
    return refuseMethod(channel === undefined ? "GET" : "GET, POST");
  }

  return {
    async respond(facts, env) {
      try {
        return await route(facts, env);
      } catch (error) {
        const refusal = error instanceof HubError ? toProblemError(error) : error;
        if (refusal instanceof ProblemError) return problem(refusal.code, refusal.options);
        throw error;
      }
    },
  };
}

const refuseMethod = (allow: string): Response => problem("method-not-allowed", { headers: { Allow: allow } });

function queryOf(target: string): URLSearchParams {
  const at = target.indexOf("?");
  return new URLSearchParams(at === -1 ? "" : target.slice(at));
}

function readChannels({ incoming }: Env): string[] {
  return (queryOf(incoming.url ?? "").get("channels") ?? "").split(",").filter((name) => name !== "");
}

/** @throws {ProblemError} "bad-request". */
function readHistory(query: URLSearchParams): number | undefined {
  const text = query.get("history");
  if (text === null) return undefined;
  const count = /^\d{1,4}$/.test(text) ? Number(text) : Number.NaN;
  if (count <= mostHistory) return count;
  throw new ProblemError("bad-request", { detail: `history must be a whole number from 0 to ${mostHistory}.` });
}
