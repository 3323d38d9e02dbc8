/**
 * Who follows a channel: counts connections and the users they belong to, puts that on the log's roster, where other processes put
 * theirs, and says in the channel what has changed of all. Used by hub.
 */
import type { Roster } from "@typebar/log";
import type { TimerWheel, WheelTimer } from "../timer-wheel.ts";
import { toChannel, toLogId } from "./channel-name.ts";
import {
  formatState,
  mergeStates,
  parseState,
  type PresenceEvent,
  type PresenceState,
  toPresenceEvent,
} from "./presence-state.ts";

/** Whether a channel tells of its followers: not at all, how many connections there are, or also whose. */
export type PresenceMode = "off" | "count" | "users";

export interface PresenceOptions {
  modeOf: (channel: string) => PresenceMode;
  roster: Pick<Roster, "say" | "look" | "leave">;
  /** As `Roster.tell`. Where it rejects, the same is told again after `intervalMs`. */
  publish: (channel: string, event: PresenceEvent, change: { told: string; next: string }) => Promise<boolean>;
  /** At most one event per channel in so many milliseconds: who reloads a page neither leaves nor joins. */
  intervalMs: number;
  wheel: TimerWheel;
}

export interface Presence {
  join(channel: string, user: string | undefined): void;
  /** To be called once for each `join`. */
  leave(channel: string, user: string | undefined): void;
  /** Connections here. */
  count(channel: string): number;
  /**
   * At all processes; of a channel that is off, here.
   *
   * @throws {LogError} "unavailable".
   */
  read(channel: string): Promise<PresenceState>;
  /** Others have changed what they say of these channels, or perhaps of any. */
  lookAgain(logIds: readonly string[] | undefined): void;
  /** Nobody follows here any more, which is told at once. */
  close(): Promise<void>;
}

interface Room {
  count: number;
  /** Connections by user. */
  users: Map<string, number>;
  timer: WheelTimer | undefined;
  isTelling: boolean;
  /** Something has changed since it was looked at what is to be told. */
  isChanged: boolean;
}

export function createPresence({ modeOf, roster, publish, intervalMs, wheel }: PresenceOptions): Presence {
  const rooms = new Map<string, Room>();
  let isClosed = false;

  function enter(channel: string): Room {
    const known = rooms.get(channel);
    if (known) return known;
    const room: Room = { count: 0, users: new Map(), timer: undefined, isTelling: false, isChanged: false };
    rooms.set(channel, room);
    return room;
  }

  function changed(channel: string, room: Room): void {
    const mode = modeOf(channel);
    if (mode === "off") {
      if (room.count === 0) rooms.delete(channel);
      return;
    }
    roster.say(toLogId(channel), room.count === 0 ? undefined : () => formatState(toState(room, mode)));
    lookSoon(channel, room, intervalMs);
  }

  function lookSoon(channel: string, room: Room, delayMs: number): void {
    room.isChanged = true;
    if (isClosed || room.isTelling) return;
    room.timer ??= wheel.after(wheel.toTurns(delayMs), () => void tellSoon(channel, room));
  }

  async function tellSoon(channel: string, room: Room): Promise<void> {
    room.timer = undefined;
    room.isTelling = true;
    room.isChanged = false;
    // The log does not answer: the same again.
    const waitMs = await tell(channel, intervalMs).catch(() => intervalMs);
    room.isTelling = false;
    if (waitMs > 0 || room.isChanged) lookSoon(channel, room, waitMs > 0 ? waitMs : intervalMs);
    else if (room.count === 0) rooms.delete(channel);
  }

  /** @returns how long to wait, since something was told of the channel less than `pauseMs` ago; 0: all is told. */
  async function tell(channel: string, pauseMs: number): Promise<number> {
    const mode = modeOf(channel);
    if (mode === "off") return 0;
    for (;;) {
      const { told, sinceToldMs, notes } = await roster.look(toLogId(channel));
      const now = mergeStates(notes.map(parseState));
      const event = toPresenceEvent(parseState(told), now, mode);
      if (!event) return 0;
      if (sinceToldMs < pauseMs) return pauseMs - sinceToldMs;
      if (await publish(channel, event, { told, next: formatState(now) })) return 0;
    }
  }

  return {
    join(channel, user) {
      const room = enter(channel);
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
    count: (channel) => rooms.get(channel)?.count ?? 0,
    async read(channel) {
      const room = rooms.get(channel);
      if (modeOf(channel) === "off") return room ? toState(room, "users") : parseState("");
      const { notes } = await roster.look(toLogId(channel));
      return mergeStates(notes.map(parseState));
    },
    lookAgain(logIds) {
      if (isClosed) return;
      for (const channel of logIds?.map(toChannel) ?? rooms.keys()) lookSoon(channel, enter(channel), 0);
    },
    async close() {
      isClosed = true;
      for (const room of rooms.values()) room.timer?.cancel();
      await roster.leave();
      await Promise.all([...rooms.keys()].map((channel) => tell(channel, 0).catch(() => undefined)));
      rooms.clear();
    },
  };
}

/** With names only where they are told. */
function toState({ count, users }: Room, mode: "count" | "users"): PresenceState {
  return { count, users: mode === "users" ? [...users.keys()] : [] };
}
