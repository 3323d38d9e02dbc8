/** Those who follow channels: opens their connections, and gives back what was held for them. Used by hub. */
import type { Position } from "@typebar/log";
import type { Connection } from "../connection.ts";
import type { ConnectionSet } from "../connection-set.ts";
import type { Exchange } from "../sink.ts";
import type { ChannelFeeds } from "./channel-feeds.ts";
import { toChannelNames } from "./channel-name.ts";
import { HubError, toHubError } from "./errors.ts";
import { Follower } from "./follower.ts";
import type { History } from "./history.ts";
import type { FollowOptions, HubLimits } from "./hub-options.ts";
import { createSlots } from "./limits.ts";
import { findPlaces, toReady } from "./places.ts";
import type { Presence } from "./presence.ts";
import type { Asked, Rights } from "./rights.ts";

export interface FollowersOptions {
  /** Of a channel that nothing was published to. */
  beginning: Position;
  connections: ConnectionSet;
  feeds: ChannelFeeds;
  history: History;
  limits: HubLimits;
  presence: Presence;
  rights: Rights;
}

export interface Followers {
  /**
   * Opens one response; `undefined` if its client has left meanwhile.
   *
   * @throws {HubError} as `Hub.open`.
   */
  follow(exchange: Exchange, options: FollowOptions): Promise<Connection | undefined>;
  /** The rights of one user have changed, or of all: those who may not follow any more are cut off. */
  recheck(user: string | undefined): Promise<void>;
  /** Refuses who comes from now on, and cuts the others off. */
  close(): Promise<void>;
}

export function createFollowers(options: FollowersOptions): Followers {
  const { beginning, connections, feeds, history, limits, presence, rights } = options;
  const slots = createSlots(limits);
  const followers = new Set<Follower>();
  let isClosing = false;
  const events = {
    onJoin(follower: Follower): void {
      followers.add(follower);
      for (const channel of follower.channels) presence.join(channel, follower.user);
    },
    onLeave(follower: Follower): void {
      followers.delete(follower);
      for (const channel of follower.channels) presence.leave(channel, follower.user);
      feeds.giveBack(follower.channels);
      slots.giveBack(follower);
    },
  };

  function checkOpen(): void {
    if (isClosing) throw new HubError("draining", "The hub is being closed");
  }

  async function recheckOne(follower: Follower, asked?: Asked): Promise<void> {
    // An answer that cannot be had is none that allows.
    await rights.check("subscribe", follower.channels, follower.user, asked).catch(() => follower.forbid());
  }

  return {
    async follow(exchange, { channels, user, address, history: historyCount = 0, headers, rotate, ...given }) {
      checkOpen();
      checkCount(historyCount);
      // The standard's way to say that there is none.
      const lastEventId = given.lastEventId === "" ? undefined : given.lastEventId;
      const names = toChannelNames(channels, limits.channelsPerConnection);
      using undo = new DisposableStack();
      slots.take({ user, address });
      undo.defer(() => slots.giveBack({ user, address }));
      let version = await rights.check("subscribe", names, user);
      // Whoever left while it was asked leaves nothing behind.
      if (exchange.isGone) return undefined;
      const places = await findPlaces({ history, beginning }, names, { lastEventId, historyCount }).catch(toHubError);
      if (version !== rights.version) version = await rights.check("subscribe", names, user);
      checkOpen();
      const followed = feeds.borrow(names);
      undo.defer(() => feeds.giveBack(names));
      const follower = new Follower({ channels: followed.channels, user, address }, events);
      const opened = await connections
        .open({
          exchange,
          owner: follower,
          feed: followed.feed,
          after: places,
          rotate: rotate ?? lastEventId !== undefined,
          resumed: lastEventId !== undefined,
          preamble: toReady(names, places, lastEventId),
          ...(headers && { headers }),
        })
        .catch(toHubError);
      if (!("closed" in opened)) return undefined;
      // From here on it is given back by whoever leaves.
      undo.move();
      if (version !== rights.version) await recheckOne(follower);
      return opened;
    },
    async recheck(user) {
      rights.change();
      const concerned = [...followers].filter((follower) => user === undefined || follower.user === user);
      const asked: Asked = new Map();
      await Promise.all(concerned.map((follower) => recheckOne(follower, asked)));
    },
    async close() {
      isClosing = true;
      await connections.close();
    },
  };
}

function checkCount(count: number): void {
  if (count >= 0 && (Number.isInteger(count) || count === Number.POSITIVE_INFINITY)) return;
  throw new TypeError("history must be a whole number, 0 or more, or Infinity");
}
