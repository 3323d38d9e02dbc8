/** One open connection of a hub, and what it holds of it. Made by hub. */
import type { Connection, ConnectionOwner } from "../connection.ts";

/** Who follows what. */
export interface Following {
  readonly channels: readonly string[];
  readonly user: string | undefined;
  readonly address: string | undefined;
}

export interface FollowerEvents {
  onJoin(follower: Follower): void;
  onLeave(follower: Follower): void;
}

/** A class, because there is one for each of many idle connections: its functions are shared. */
export class Follower implements ConnectionOwner, Following {
  readonly channels: readonly string[];
  readonly user: string | undefined;
  readonly address: string | undefined;
  readonly #events: FollowerEvents;
  #connection: Connection | undefined;

  constructor({ channels, user, address }: Following, events: FollowerEvents) {
    this.channels = channels;
    this.user = user;
    this.address = address;
    this.#events = events;
  }

  /** Takes the right to follow away. */
  forbid(): void {
    this.#connection?.close("forbidden");
  }

  onOpened(connection: Connection): void {
    this.#connection = connection;
    this.#events.onJoin(this);
  }

  onClosed(): void {
    this.#events.onLeave(this);
  }
}
