/** Who follows a channel: counts connections and the users they belong to, and says so in the channel. Used by hub. */
import type { TimerWheel, WheelTimer } from "../timer-wheel.ts";

/** Whether a channel tells of its followers: not at all, how many connections there are, or also whose. */
export type PresenceMode = "off" | "count" | "users";

/** Data of a `presence` event. `users`, `joined` and `left` only where the mode is `"users"`. */
export interface PresenceEvent {
  /** Open connections that follow the channel. */
  count: number;
  /** Those who joined since the event before, each once however many connections they have. */
  joined?: string[];
  /** Those who left since the event before: with their last connection. */
  left?: string[];
}

/** Who follows a channel now. */
export interface PresenceState {
  count: number;
  /** In the order in which they joined. */
  users: string[];
}

export interface PresenceOptions {
  modeOf: (channel: string) => PresenceMode;
  publish: (channel: string, event: PresenceEvent) => void;
  /** At most one event per channel in so many milliseconds: who reloads a page neither leaves nor joins. */
  intervalMs: number;
  wheel: TimerWheel;
}

export interface Presence {
  join(channel: string, user: string | undefined): void;
  /** To be called once for each `join`. */
  leave(channel: string, user: string | undefined): void;
  read(channel: string): PresenceState;
  close(): void;
}

interface Room {
  count: number;
  /** Connections by user. */
  users: Map<string, number>;
  /** What the last event said. */
  told: { count: number; users: ReadonlySet<string> };
  timer: WheelTimer | undefined;
}

export function createPresence({ modeOf, publish, intervalMs, wheel }: PresenceOptions): Presence {
  const rooms = new Map<string, Room>();

  function changed(channel: string, room: Room): void {
    if (modeOf(channel) === "off") {
      if (room.count === 0) rooms.delete(channel);
      return;
    }
    room.timer ??= wheel.after(wheel.toTurns(intervalMs), () => tell(channel, room));
  }

  function tell(channel: string, room: Room): void {
    room.timer = undefined;
    const { told, count } = room;
    const users = new Set(room.users.keys());
    const joined = [...users].filter((user) => !told.users.has(user));
    const left = [...told.users].filter((user) => !users.has(user));
    room.told = { count, users };
    if (count === 0) rooms.delete(channel);
    if (count === told.count && joined.length === 0 && left.length === 0) return;
    publish(channel, modeOf(channel) === "users" ? { count, joined, left } : { count });
  }

  return {
    join(channel, user) {
      const room = rooms.get(channel) ?? {
        count: 0,
        users: new Map<string, number>(),
        told: { count: 0, users: new Set<string>() },
        timer: undefined,
      };
      rooms.set(channel, room);
      room.count += 1;
      if (user !== undefined) room.users.set(user, (room.users.get(user) ?? 0) + 1);
      changed(channel, room);
    },
    leave(channel, user) {
      const room = rooms.get(channel);
      if (!room) return;
      room.count -= 1;
      if (user !== undefined) {
        const left = (room.users.get(user) ?? 0) - 1;
        if (left > 0) room.users.set(user, left);
        else room.users.delete(user);
      }
      changed(channel, room);
    },
    read(channel) {
      const room = rooms.get(channel);
      return { count: room?.count ?? 0, users: [...(room?.users.keys() ?? [])] };
    },
    close() {
      for (const room of rooms.values()) room.timer?.cancel();
      rooms.clear();
    },
  };
}
