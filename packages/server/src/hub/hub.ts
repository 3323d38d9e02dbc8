/** One to many: channels that are logs with a bounded history, and whoever follows them. Called by servers, directly or in an adapter. */
import type { IncomingMessage, ServerResponse } from "node:http";
import type { Connection } from "../connection.ts";
import { createConnectionSet } from "../connection-set.ts";
import { createSocketExchange } from "../socket-sink.ts";
import { createWebExchange } from "../web-sink.ts";
import type { ChannelEvent, ChannelEvents } from "./channel-event.ts";
import { toBeginning } from "./channel-feed.ts";
import { createChannelFeeds } from "./channel-feeds.ts";
import { HubError, toHubError } from "./errors.ts";
import { createFollowers } from "./followers.ts";
import { createHistory } from "./history.ts";
import type { FollowOptions, HubLimits, HubOptions, OpenHubOptions } from "./hub-options.ts";
import { openOwnRoster } from "./own-roster.ts";
import { createPresence } from "./presence.ts";
import type { PresenceState } from "./presence-state.ts";
import { toProblemResponse, writeProblem } from "./problem.ts";
import { createPublisher } from "./publisher.ts";
import { readLastEventId } from "./read-last-event-id.ts";
import { createRights } from "./rights.ts";
import { isToComeBack, sendAway } from "./send-away.ts";

/** Channels by name, and what their events carry. */
export type ChannelMap = Record<string, ChannelEvents>;

export interface PublishOptions {
  /**
   * In whose name: `authorize` is asked first, also for `undefined`, which is somebody without a name. Without the key the server
   * itself publishes, which it may always do.
   */
  as?: string | undefined;
}

export interface Hub<C extends ChannelMap = ChannelMap> {
  /**
   * Stores one event or several, all or none, and tells the followers.
   *
   * @returns the last one's event ID, when they are stored: durable as the log is.
   * @throws {HubError} "bad-channel", "bad-event", "event-too-large", "forbidden", "store-unavailable".
   */
  publish<Name extends keyof C & string>(
    channel: Name,
    events: ChannelEvent<C[Name]> | ReadonlyArray<ChannelEvent<C[Name]>>,
    options?: PublishOptions,
  ): Promise<{ id: string }>;
  /**
   * Opens one response of Node's `http`, so also Express's, Koa's and Fastify's. `undefined` if its client has left meanwhile.
   *
   * @throws {HubError} "bad-channel", "too-many-channels", "forbidden", "too-many-connections", "draining", "store-unavailable";
   *   nothing was written then: the caller answers.
   * @throws {TypeError} If `history` is not a whole number.
   */
  open(options: OpenHubOptions): Promise<Connection | undefined>;
  /**
   * The same, and answers a refusal itself, as `application/problem+json`; only "draining" is answered by a stream that is cut off
   * at once, where the request accepts event streams by name: a browser comes back after that, and gives up after a refusal.
   */
  handle(request: IncomingMessage, response: ServerResponse, options: FollowOptions): Promise<void>;
  /** The same for a web-standard request. */
  respond(request: Request, options: FollowOptions): Promise<Response>;
  /**
   * Who follows a channel now, at all processes that share the log; of a channel whose presence is off, at this one.
   *
   * @throws {HubError} "store-unavailable".
   */
  presence(channel: keyof C & string): Promise<PresenceState>;
  /**
   * Asks `authorize` again for open connections, of one user or of all, once for each user and channel; those that it refuses are cut off, and refused when they
   * come back. To be called when rights have changed.
   */
  recheck(which?: { user?: string }): Promise<void>;
  /** How many connections are open here. */
  readonly openCount: number;
  /** How many of them follow a channel. */
  countFollowers(channel: keyof C & string): number;
  /** Ends every open connection as cut off, so that its client comes back; here too, where later ones are served as ever. */
  cut(): void;
  /** Refuses new connections ("draining"), cuts off the open ones and settles when they are gone, and presence has told so. */
  close(): Promise<void>;
}

const defaultLimits: HubLimits = {
  connections: Number.POSITIVE_INFINITY,
  connectionsPerUser: Number.POSITIVE_INFINITY,
  connectionsPerAddress: Number.POSITIVE_INFINITY,
  channelsPerConnection: 32,
  eventBytes: 65_536,
  eventsPerPublish: 1000,
};
const defaultHistory = { count: 1000, bytes: 1_048_576, ageMs: 3_600_000 };

/** @throws {TypeError} If a limit is not a positive number. */
export function createHub<C extends ChannelMap = ChannelMap>(options: HubOptions): Hub<C> {
  const { log, authorize, presence: modeOf = () => "off", flushMs = 0, observer = {} } = options;
  const limits: HubLimits = { ...defaultLimits, ...options.limits };
  checkLimits(limits);
  const timings = { retrySpreadMs: 1000, ...options.timings };
  const random = options.random ?? Math.random;
  const connections = createConnectionSet({ timings, observer, random });
  const { wheel } = connections;
  const rights = createRights(authorize);
  const history = createHistory({ log, retention: options.history ?? defaultHistory, wheel });
  const roster = log.shared?.openRoster({ onLost: (logIds) => presence.lookAgain(logIds) }) ?? openOwnRoster(log);
  const publisher = createPublisher({ log, roster, history, limits, rights, observer });
  const presence = createPresence({
    modeOf,
    intervalMs: options.presenceIntervalMs ?? 1000,
    wheel,
    roster,
    publish: publisher.publishPresence,
  });
  const feeds = createChannelFeeds({ log, flushMs, onReset: (reason) => observer.reset?.(reason) });
  const followers = createFollowers({
    beginning: toBeginning(log),
    connections,
    feeds,
    history,
    limits,
    presence,
    rights,
  });

  /** Counts what is refused, whoever answers it. */
  async function counted<T>(work: Promise<T>): Promise<T> {
    try {
      return await work;
    } catch (error) {
      if (error instanceof HubError) observer.refused?.(error.code);
      throw error;
    }
  }

  function open({ request, response, ...follower }: OpenHubOptions): Promise<Connection | undefined> {
    const { connectionsPerAddress } = limits;
    // Node keeps an address that it was asked for as long as its socket.
    const isCounted = connectionsPerAddress < Number.POSITIVE_INFINITY;
    const address = follower.address ?? (isCounted ? request.socket.remoteAddress : undefined);
    const header = request.headers["last-event-id"];
    const lastEventId = follower.lastEventId ?? readLastEventId(header?.toString(), request.url ?? "");
    const found = { ...(address !== undefined && { address }), ...(lastEventId !== undefined && { lastEventId }) };
    return counted(followers.follow(createSocketExchange(request, response), { ...follower, ...found }));
  }

  return {
    publish: (channel, events, inName) => counted(publisher.publish(channel, events, inName)),
    open,
    handle: (request, response, follower) =>
      answering(
        async () => void (await open({ request, response, ...follower })),
        (error) => {
          if (!isToComeBack(error, request.headers.accept)) return writeProblem(response, error, follower.headers);
          return sendAway(connections, createSocketExchange(request, response), follower.headers);
        },
      ),
    respond: (request, follower) =>
      answering(
        async () => {
          const exchange = createWebExchange(request.signal);
          const header = request.headers.get("last-event-id") ?? undefined;
          const lastEventId = follower.lastEventId ?? readLastEventId(header, request.url);
          await counted(followers.follow(exchange, { ...follower, ...(lastEventId !== undefined && { lastEventId }) }));
          return exchange.response ?? nobodyLeft();
        },
        async (error) => {
          const accept = request.headers.get("accept") ?? undefined;
          if (!isToComeBack(error, accept)) return toProblemResponse(error, follower.headers);
          const exchange = createWebExchange(request.signal);
          await sendAway(connections, exchange, follower.headers);
          return exchange.response ?? nobodyLeft();
        },
      ),
    presence: (channel) => presence.read(channel).catch(toHubError),
    recheck: ({ user } = {}) => followers.recheck(user),
    get openCount() {
      return connections.openCount;
    },
    countFollowers: presence.count,
    cut: connections.cut,
    async close() {
      await followers.close();
      await presence.close();
      history.close();
    },
  };
}

/** Nobody will read it. */
const nobodyLeft = (): Response => new Response(null, { status: 499 });

/** Answers refusals; other errors go on. */
async function answering<T>(work: () => Promise<T>, answer: (error: HubError) => T | Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof HubError)) throw error;
    return answer(error);
  }
}

function checkLimits(limits: HubLimits): void {
  for (const [name, value] of Object.entries(limits)) {
    if (!(value > 0)) throw new TypeError(`${name} must be a positive number`);
  }
}
