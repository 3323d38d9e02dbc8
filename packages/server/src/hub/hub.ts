/** One to many: channels that are logs with a bounded history, and whoever follows them. Called by servers, directly or in an adapter. */
import type { IncomingMessage, ServerResponse } from "node:http";
import { LogError, type Position, start } from "@typebar/log";
import type { OutgoingEvent } from "@typebar/sse";
import type { Connection } from "../connection.ts";
import { createConnectionSet } from "../connection-set.ts";
import type { Feed } from "../pull.ts";
import { createShared } from "../shared.ts";
import type { Exchange } from "../sink.ts";
import { createSocketExchange } from "../socket-sink.ts";
import { createTail, type Tail } from "../tail.ts";
import { createWebExchange } from "../web-sink.ts";
import { type ChannelEvent, type ChannelEvents, toOwnPayload, toPayload } from "./channel-event.ts";
import {
  type ChannelFeedOptions,
  createChannelFeed,
  encodeLines,
  type EventLines,
  unknownPosition,
} from "./channel-feed.ts";
import { HubError } from "./errors.ts";
import { formatEventId, isChannelName, parseEventId } from "./event-id.ts";
import { Follower } from "./follower.ts";
import { createHistory } from "./history.ts";
import type { FollowOptions, HubLimits, HubOptions, OpenHubOptions } from "./hub-options.ts";
import { createSlots } from "./limits.ts";
import { createPresence, type PresenceState } from "./presence.ts";
import { toProblemResponse, writeProblem } from "./problem.ts";
import { readLastEventId } from "./read-last-event-id.ts";

/** Channels by name, and what their events carry. */
export type ChannelMap = Record<string, ChannelEvents>;

export interface PublishOptions {
  /** In whose name: `authorize` is asked first. Without it the server itself publishes, which it may always do. */
  as?: string;
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
   */
  open(options: OpenHubOptions): Promise<Connection | undefined>;
  /** The same, and answers a refusal itself, as `application/problem+json`. */
  handle(request: IncomingMessage, response: ServerResponse, options: FollowOptions): Promise<void>;
  /** The same for a web-standard request. */
  respond(request: Request, options: FollowOptions): Promise<Response>;
  /** Who follows a channel here and now. */
  presence(channel: keyof C & string): PresenceState;
  /**
   * Asks `authorize` again for open connections, of one user or of all; those that it refuses are cut off, and refused when they
   * come back. To be called when rights have changed.
   */
  recheck(which?: { user?: string }): Promise<void>;
  /** How many connections are open. */
  readonly openCount: number;
  /** Ends every open connection as cut off, so that its client comes back; here too, where later ones are served as ever. */
  cut(): void;
  /** Refuses new connections ("draining"), cuts off the open ones and settles when they are gone. */
  close(): Promise<void>;
}

/** What all that follow the same channels share. */
interface Followed {
  channels: readonly string[];
  feed: Feed<readonly Position[]>;
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
/** How much of each channel's tail is kept encoded, in characters. */
const tailChars = 262_144;

/** @throws {TypeError} If a limit is not a positive number. */
export function createHub<C extends ChannelMap = ChannelMap>(options: HubOptions): Hub<C> {
  const { log, authorize, presence: modeOf = () => "off", flushMs = 0, observer = {} } = options;
  const limits: HubLimits = { ...defaultLimits, ...options.limits };
  checkLimits(limits);
  const timings = { retrySpreadMs: 1000, ...options.timings };
  const random = options.random ?? Math.random;
  const connections = createConnectionSet({ timings, observer, random });
  const { wheel } = connections;
  const history = createHistory({ log, retention: options.history ?? defaultHistory, wheel });
  const slots = createSlots(limits);
  const tails = createShared<Tail<EventLines>>();
  const followed = createShared<Followed>(({ channels }) => channels.forEach(tails.giveBack));
  const followers = new Set<Follower>();
  /** Counts the changes of rights: an answer of `authorize` from before one is asked for again. */
  let rightsVersion = 0;
  let isClosing = false;
  const presence = createPresence({
    modeOf,
    intervalMs: options.presenceIntervalMs ?? 1000,
    wheel,
    // Lost where the log does not answer: the next change tells the state as it is then.
    publish: (channel, event) => void append(channel, [toOwnPayload("presence", event)]).catch(() => undefined),
  });

  async function append(channel: string, payloads: readonly string[]): Promise<{ id: string }> {
    const startedMs = performance.now();
    const { position } = await log.append(toLogId(channel), "any", payloads).catch(toHubError);
    const bytes = payloads.reduce((sum, payload) => sum + payload.length, 0);
    history.appended(toLogId(channel), { count: payloads.length, bytes });
    observer.published?.(payloads.length, performance.now() - startedMs);
    return { id: formatEventId([channel], [position]) };
  }

  async function checkRights(action: "subscribe" | "publish", names: readonly string[], user?: string): Promise<void> {
    if (!authorize) return;
    for (let version; version !== rightsVersion;) {
      version = rightsVersion;
      const answers = await Promise.all(names.map(async (channel) => authorize({ action, channel, user })));
      const refused = answers.findIndex((may) => !may);
      if (refused >= 0) throw new HubError("forbidden", `This channel may not be used so: ${names[refused]}`);
    }
  }

  function toNames(channels: readonly string[]): readonly string[] {
    const names = [...new Set(channels)].toSorted();
    if (names.length === 0 || names.length > limits.channelsPerConnection) {
      throw new HubError("too-many-channels", `A connection follows 1 to ${limits.channelsPerConnection} channels`);
    }
    for (const name of names) checkName(name);
    return names;
  }

  /** Where a client begins in each channel. */
  async function findPositions(
    names: readonly string[],
    lastEventId: string | undefined,
    historyCount: number,
  ): Promise<readonly Position[]> {
    const known = lastEventId === undefined ? undefined : parseEventId(lastEventId);
    return Promise.all(
      names.map(async (name) => {
        if (lastEventId !== undefined && !known) return unknownPosition;
        await history.use(toLogId(name));
        const position = known?.get(name);
        if (position) return position;
        const head = await log.head(toLogId(name));
        if (!head) return start;
        const seq = Math.max(head.trimmedSeq, head.seq - (lastEventId === undefined ? historyCount : 0));
        return { epoch: head.epoch, seq };
      }),
    );
  }

  function borrowTail(name: string): Tail<EventLines> {
    return tails.borrow(name, () =>
      createTail({
        log,
        logId: toLogId(name),
        encode: encodeLines,
        sizeOf: ({ lines }) => lines.length,
        cacheSize: tailChars,
        pollMs: 1000,
        pageLimit: { count: 8192, chars: 524_288 },
      }),
    );
  }

  function borrowFollowed(names: readonly string[]): Followed {
    return followed.borrow(names.join(), () => {
      const channels = names.map((name) => ({ name, logId: toLogId(name), tail: borrowTail(name) }));
      const onReset: ChannelFeedOptions["onReset"] = (reason) => observer.reset?.(reason);
      return { channels: names, feed: createChannelFeed({ log, channels, flushMs, onReset }) };
    });
  }

  function join(follower: Follower): void {
    followers.add(follower);
    for (const name of follower.channels) presence.join(name, follower.user);
  }

  function leave(follower: Follower): void {
    followers.delete(follower);
    for (const name of follower.channels) presence.leave(name, follower.user);
    followed.giveBack(follower.channels.join());
    slots.giveBack(follower);
  }

  const followerEvents = { onJoin: join, onLeave: leave };

  async function follow(exchange: Exchange, follower: FollowOptions): Promise<Connection | undefined> {
    if (isClosing) throw new HubError("draining", "The hub is being closed");
    const { user, address, lastEventId, headers } = follower;
    const names = toNames(follower.channels);
    using undo = new DisposableStack();
    slots.take({ user, address });
    undo.defer(() => slots.giveBack({ user, address }));
    await checkRights("subscribe", names, user);
    // Whoever left while it was asked leaves nothing behind.
    if (exchange.isGone) return undefined;
    const positions = await findPositions(names, lastEventId, follower.history ?? 0).catch(toHubError);
    const version = rightsVersion;
    const { channels, feed } = borrowFollowed(names);
    undo.defer(() => followed.giveBack(names.join()));
    const entry = new Follower({ channels, user, address }, followerEvents);
    const opened = await connections
      .open({
        exchange,
        owner: entry,
        feed,
        after: positions,
        rotate: follower.rotate ?? lastEventId !== undefined,
        resumed: lastEventId !== undefined,
        preamble: toReady(names, positions, lastEventId),
        ...(headers && { headers }),
      })
      .catch(toHubError);
    if (!("closed" in opened)) return undefined;
    // From here on it is given back by whoever leaves.
    undo.move();
    if (version !== rightsVersion) await recheckOne(entry);
    return opened;
  }

  async function recheckOne(follower: Follower): Promise<void> {
    // An answer that cannot be had is none that allows.
    await checkRights("subscribe", follower.channels, follower.user).catch(() => follower.forbid());
  }

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
    return counted(follow(createSocketExchange(request, response), { ...follower, ...found }));
  }

  async function publish(
    channel: string,
    events: ChannelEvent | readonly ChannelEvent[],
    { as }: PublishOptions = {},
  ): Promise<{ id: string }> {
    checkName(channel);
    const list = Array.isArray(events) ? (events as readonly ChannelEvent[]) : [events as ChannelEvent];
    if (list.length === 0) throw new HubError("bad-event", "There is no event");
    if (list.length > limits.eventsPerPublish) {
      throw new HubError("event-too-large", `${limits.eventsPerPublish} events can be published at once`);
    }
    const payloads = list.map((event) => toPayload(event, limits.eventBytes));
    if (as !== undefined) await checkRights("publish", [channel], as);
    return append(channel, payloads);
  }

  return {
    publish: (channel, events, publishOptions) => counted(publish(channel, events, publishOptions)),
    open,
    handle: (request, response, follower) =>
      answering(
        async () => void (await open({ request, response, ...follower })),
        (error) => writeProblem(response, error),
      ),
    respond: (request, follower) =>
      answering(async () => {
        const exchange = createWebExchange(request.signal);
        const header = request.headers.get("last-event-id") ?? undefined;
        const lastEventId = follower.lastEventId ?? readLastEventId(header, request.url);
        await counted(follow(exchange, { ...follower, ...(lastEventId !== undefined && { lastEventId }) }));
        // Nobody is left to read it.
        return exchange.response ?? new Response(null, { status: 499 });
      }, toProblemResponse),
    presence: (channel) => presence.read(channel),
    async recheck({ user } = {}) {
      rightsVersion += 1;
      const concerned = [...followers].filter((follower) => user === undefined || follower.user === user);
      await Promise.all(concerned.map(recheckOne));
    },
    get openCount() {
      return connections.openCount;
    },
    cut: connections.cut,
    async close() {
      isClosing = true;
      await connections.close();
      presence.close();
      history.close();
    },
  };
}

/** The first event of every response: from its ID on, nothing is missed, however little came after it. */
function toReady(
  names: readonly string[],
  positions: readonly Position[],
  lastEventId: string | undefined,
): OutgoingEvent {
  const data = JSON.stringify({ channels: names, resumed: lastEventId !== undefined });
  // Nobody can go on after an ID that is not known; the `reset` that follows has one.
  if (positions.includes(unknownPosition)) return { event: "ready", data };
  return { event: "ready", data, id: formatEventId(names, positions) };
}

/** Answers refusals; other errors go on. */
async function answering<T>(work: () => Promise<T>, answer: (error: HubError) => T): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof HubError)) throw error;
    return answer(error);
  }
}

/** So that it cannot be taken for any other log of the same store. */
function toLogId(channel: string): string {
  return `channel:${channel}`;
}

function checkName(channel: string): void {
  if (isChannelName(channel)) return;
  throw new HubError(
    "bad-channel",
    "A channel's name has 1 to 64 of A-Z a-z 0-9 . _ - and begins with a letter or digit",
  );
}

function checkLimits(limits: HubLimits): void {
  for (const [name, value] of Object.entries(limits)) {
    if (!(value > 0)) throw new TypeError(`${name} must be a positive number`);
  }
}

function toHubError(error: unknown): never {
  if (error instanceof LogError) throw new HubError("store-unavailable", "The store does not answer", { cause: error });
  throw error;
}
