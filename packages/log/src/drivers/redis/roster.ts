/**
 * What this process says under logs -> Redis, and who else is there. It counts up once a second; who has not for some looks of another is
 * taken off by that one, with all it said, for everybody at once. So no clocks are compared, and all see the same. Used by index.ts.
 */
import { randomUUID } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import type { Roster, RosterOptions, RosterView } from "../../shared-store.ts";
import type { Keys } from "./keys.ts";
import * as scripts from "./lua/roster.ts";
import type { Store } from "./store.ts";

export interface RedisRosterOptions extends RosterOptions {
  store: Store;
  keys: Keys;
  /** How often it counts up and looks at the others, in milliseconds. */
  beatMs: number;
}

/** So many looks in a row at the same number, and its process is taken for dead. */
const lostBeats = 3;
/** What is said within so long goes out together. */
const windowMs = 20;

export function openRoster({ store, keys, beatMs, onLost }: RedisRosterOptions): Roster {
  const name = randomUUID();
  const ownKeys = keys.roster(name);
  const said = new Map<string, () => string>();
  const changed = new Set<string>();
  const others = new Map<string, { number: string; silentBeats: number }>();
  let number = 0;
  /** The last one that Redis has acknowledged. */
  let heldNumber = 0;
  /** Redis holds all that was said until `changed`. */
  let isHeld = false;
  let opensMs = 0;
  let speaking: Promise<void> | undefined;
  let timer: NodeJS.Timeout | undefined;
  let hasLeft = false;

  async function speak(isBeat: boolean): Promise<void> {
    const waitMs = opensMs - performance.now();
    if (waitMs > 0) await sleep(waitMs);
    opensMs = performance.now() + windowMs;
    let names: string[] | undefined;
    while (!names) names = await write();
    look(names, isBeat);
  }

  /** @returns who is there, with numbers; nothing if Redis does not hold what was said before. */
  async function write(): Promise<string[] | undefined> {
    const logIds = isHeld ? [...changed] : [...said.keys()];
    const expected = isHeld ? String(heldNumber) : "";
    changed.clear();
    isHeld = false;
    number += 1;
    const notes = logIds.flatMap((logId) => [logId, said.get(logId)?.() ?? ""]);
    const args = [name, expected, String(number), ...notes];
    const reply = (await store.run({ script: scripts.say, keys: ownKeys, args: () => args })) as [string, ...string[]];
    const [former, ...names] = reply;
    if (names.length === 0) return undefined;
    isHeld = true;
    const wasLost = Number(former) < heldNumber;
    heldNumber = number;
    if (wasLost) onLost(undefined);
    return names;
  }

  function look(names: readonly string[], isBeat: boolean): void {
    const listed = new Map<string, string>();
    for (let index = 0; index + 1 < names.length; index += 2) listed.set(names[index] ?? "", names[index + 1] ?? "");
    listed.delete(name);
    const gone = [...others.keys()].filter((other) => !listed.has(other));
    for (const other of gone) others.delete(other);
    for (const [other, at] of listed) {
      const known = others.get(other);
      if (known?.number !== at) others.set(other, { number: at, silentBeats: 0 });
      else if (isBeat && (known.silentBeats += 1) >= lostBeats) removeDead(other, at).catch(() => undefined);
    }
    if (gone.length > 0) onLost(undefined);
  }

  async function removeDead(other: string, at: string): Promise<void> {
    const logIds = await remove(other, at);
    if (logIds.length === 0) return;
    others.delete(other);
    onLost(logIds);
  }

  async function remove(other: string, at: string): Promise<string[]> {
    return (await store.run({
      script: scripts.remove,
      keys: keys.roster(other),
      args: () => [other, at],
    })) as string[];
  }

  /** Settles when Redis holds all that was said before. */
  async function flush(isBeat = false): Promise<void> {
    while (speaking) await speaking;
    if (hasLeft || (isHeld && changed.size === 0 && !isBeat)) return;
    speaking = speak(isBeat).finally(() => (speaking = undefined));
    await speaking;
  }

  /** From the first use on: whoever only looks has to notice as well who is dead. */
  function start(): void {
    if (hasLeft) return;
    // What is not said now is said with the next beat.
    timer ??= setInterval(() => void flush(true).catch(() => undefined), beatMs).unref();
  }

  return {
    say(logId, note) {
      if (hasLeft) return;
      start();
      if (note) said.set(logId, note);
      else said.delete(logId);
      changed.add(logId);
      flush().catch(() => undefined);
    },
    async look(logId): Promise<RosterView> {
      start();
      await flush();
      // First what was told: whoever tells something else meanwhile is noticed by `tell`.
      const told = await store.run({ script: scripts.readTold, keys: keys.of(logId).all, args: () => [] });
      const notes = await store.run({ script: scripts.readNotes, keys: keys.roster(""), args: () => [logId] });
      const [text, sinceToldMs] = (told as [string, number] | null) ?? ["", Number.POSITIVE_INFINITY];
      return { told: text, sinceToldMs, notes: notes as string[] };
    },
    async tell(logId, payload, { told, next }) {
      const isTold = await store.run({
        script: scripts.tell,
        keys: keys.of(logId).all,
        args: ({ history }) => [history, told, next, payload],
      });
      return isTold === 1;
    },
    async leave() {
      hasLeft = true;
      clearInterval(timer);
      await speaking?.catch(() => undefined);
      if (number > 0) await remove(name, "").catch(() => undefined);
    },
  };
}
