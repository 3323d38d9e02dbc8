/** What a hub can be told. Read by hub. */
import type { IncomingMessage, ServerResponse } from "node:http";
import type { RecordLog, Retention } from "@typebar/log";
import type { StreamObserver } from "../observer.ts";
import type { StreamHeaders } from "../stream-headers.ts";
import type { ConnectionTimings } from "../timings.ts";
import type { ConnectionLimits } from "./limits.ts";
import type { PresenceMode } from "./presence.ts";

/** Who wants to do what; asked for each channel. */
export interface AuthorizationQuestion {
  action: "subscribe" | "publish";
  channel: string;
  /** As given to `open`, or as `as` to `publish`. */
  user: string | undefined;
}

export interface HubLimits extends ConnectionLimits {
  /** Channels that one connection may follow; each makes every event ID longer. @defaultValue 32 */
  channelsPerConnection: number;
  /** UTF-8 bytes of one event's name and data. @defaultValue 65536 */
  eventBytes: number;
  /** Events of one `publish`. @defaultValue 1000 */
  eventsPerPublish: number;
}

export interface HubOptions {
  /** Where channels live: in memory they end with the process, and clients that come back are told so by `reset`. */
  log: RecordLog;
  /**
   * What a channel remembers for those who come back, or ask for it; each bound may be passed for a while, count and bytes by an
   * eighth, age by ten seconds. Who was away for longer gets a `reset`.
   *
   * @defaultValue 1,000 events, 1 MiB, 1 hour
   */
  history?: Retention;
  /**
   * Whether somebody may follow a channel, or publish to it where `publish` says in whose name. Without it everybody may follow.
   * What it throws, `open` and `publish` throw.
   */
  authorize?: (question: AuthorizationQuestion) => boolean | Promise<boolean>;
  limits?: Partial<HubLimits>;
  /**
   * What a channel tells of its followers. `presence` events are events of the channel and count against its `history`: where
   * that matters, they are better told in a channel of their own.
   *
   * @defaultValue "off" for every channel
   */
  presence?: (channel: string) => PresenceMode;
  /** At most one `presence` event per channel in so many milliseconds. @defaultValue 1000 */
  presenceIntervalMs?: number;
  /**
   * How long events are gathered before they are written, in milliseconds. 0: all of one turn of the event loop leave together. A
   * window costs that much latency and saves a write per event and follower.
   *
   * @defaultValue 0
   */
  flushMs?: number;
  /** `retryMs` is spread over a second by default, so that many who were cut off at once do not come back at once. */
  timings?: Partial<ConnectionTimings>;
  observer?: StreamObserver;
  /** @defaultValue Math.random */
  random?: () => number;
}

/** What is to be followed, and by whom. */
export interface FollowOptions {
  /** Each once; the order does not matter. */
  channels: readonly string[];
  /** Name of whoever follows: for `authorize`, limits and presence; `undefined`: somebody without one. */
  user?: string | undefined;
  /** Counted against `connectionsPerAddress`. @defaultValue that of the socket; none for a web-standard request */
  address?: string;
  /** The ID to go on after; an empty one is none. @defaultValue the request's `Last-Event-ID` header, else its `lastEventId` parameter */
  lastEventId?: string;
  /** Without an ID: so many events of each channel's history come first; a whole number, or `Infinity` for all. @defaultValue 0 */
  history?: number;
  /**
   * Sent beside those of every event stream, which stay as they are; with a refusal, too. Headers that were set on a response of
   * Node's are sent anyway.
   */
  headers?: StreamHeaders;
  /**
   * The client is known to come back by itself, so that its connection may be ended after `rotateMs`.
   *
   * @defaultValue whether it came with an ID
   */
  rotate?: boolean;
}

export interface OpenHubOptions extends FollowOptions {
  request: IncomingMessage;
  response: ServerResponse;
}
