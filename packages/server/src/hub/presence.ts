/** Who follows a channel: counts connections and the users they belong to, and says so in the channel. Used by hub. */
import type { TimerWheel, WheelTimer } from "../timer-wheel.ts";

/** Whether a channel tells of its followers: not at all, how many connections there are, or also whose. */
export type PresenceMode = "off" | "count" | "users";

/** Data of a `presence` event. `joined` and `left` only where the mode is `"users"`. */
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
  /** Where it rejects, the same is told again after `intervalMs`. */
  publish: (channel: string, event: PresenceEvent) => Promise<void>;
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
  /** What the last event that was stored said. */
  told: { count: number; users: ReadonlySet<string> };
  timer: WheelTimer | undefined;
  isTelling: boolean;
}

export function createPresence({ modeOf, publish, intervalMs, wheel }: PresenceOptions): Presence {
  const rooms = new Map<string, Room>();
  let isClosed = false;

  function changed(channel: string, room: Room): void {
    if (modeOf(channel) === "off") {
      if (room.count === 0) rooms.delete(channel);
      return;
    }
    if (!isClosed && !room.isTelling) {
      room.timer ??= wheel.after(wheel.toTurns(intervalMs), () => void tell(channel, room));
    }
  }

  async function tell(channel: string, room: Room): Promise<void> {
    room.timer = undefined;
    const now = { count: room.count, users: new Set(room.users.keys()) };
    const joined = [...now.users].filter((user) => !room.told.users.has(user));
    const left = [...room.told.users].filter((user) => !now.users.has(user));
    const { count } = now;
    if (count !== room.told.count || joined.length > 0 || left.length > 0) {
      room.isTelling = true;
      await publish(channel, modeOf(channel) === "users" ? { count, joined, left } : { count }).then(
        () => (room.told = now),
        // The log does not answer.
        () => undefined,
      );
      room.isTelling = false;
    }
    if (!isTold(room)) changed(channel, room);
    else if (room.count === 0) rooms.delete(channel);
  }

  return {
    join(channel, user) {
      const room = rooms.get(channel) ?? {
        count: 0,
        users: new Map<string, number>(),
        told: { count: 0, users: new Set<string>() },
        timer: undefined,
        isTelling: false,
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
      isClosed = true;
      for (const room of rooms.values()) room.timer?.cancel();
      rooms.clear();
    },
  };
}

function isTold({ count, users, told }: Room): boolean {
  return (
    count === told.count && users.size === told.users.size && [...users.keys()].every((user) => told.users.has(user))
  );
}
