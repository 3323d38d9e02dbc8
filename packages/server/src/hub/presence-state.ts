/** Who follows a channel, as it is written down and as it is told. Pure; used by presence. */

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
  /** In the order in which they joined; where several processes share the log, one process after the other. */
  users: string[];
}

/** Nobody is the empty text: nothing need be kept. */
export function formatState({ count, users }: PresenceState): string {
  return count === 0 ? "" : JSON.stringify({ count, users });
}

export function parseState(text: string): PresenceState {
  return text === "" ? { count: 0, users: [] } : (JSON.parse(text) as PresenceState);
}

/** Of several processes: a user who is at more than one counts once. */
export function mergeStates(states: readonly PresenceState[]): PresenceState {
  return {
    count: states.reduce((sum, { count }) => sum + count, 0),
    users: [...new Set(states.flatMap(({ users }) => users))],
  };
}

/** What is to be told; nothing where that is what was told before. */
export function toPresenceEvent(
  before: PresenceState,
  now: PresenceState,
  mode: "count" | "users",
): PresenceEvent | undefined {
  const { count } = now;
  const joined = without(now.users, before.users);
  const left = without(before.users, now.users);
  if (count === before.count && joined.length === 0 && left.length === 0) return undefined;
  return mode === "users" ? { count, joined, left } : { count };
}

function without(users: readonly string[], others: readonly string[]): string[] {
  const known = new Set(others);
  return users.filter((user) => !known.has(user));
}
