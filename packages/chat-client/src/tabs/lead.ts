/**
 * Which of the tabs that follow the same stream reads it: the one that holds its lock. The others wait for the lock and
 * are told; so whatever becomes of the tab that leads, the next one goes on. Asked by shared-stream.ts.
 */
import { anyOf } from "./any-of.ts";
import { readLocks, takeLock } from "./held-lock.ts";
import type { HeldLock } from "./held-lock.ts";
import type { Interest, Rank } from "./interest.ts";
import type { Place, Places } from "./places.ts";

export interface Lead {
  readonly rank: Exclude<Rank, "none">;
  /** Aborted when it is to be given back: its turn is over, nobody here looks any more, or another tab took it. */
  readonly over: AbortSignal;
  giveUp(): void;
  release(): void;
}

export interface LeadOptions {
  locks: LockManager | null;
  /** Of the stream's lock. */
  name: string;
  places: Places;
  interest: Interest;
  /** Asks the tab that leads for a sign of life. */
  ask(): void;
  /** Whether it gave one since this was asked last. */
  isAlive(): boolean;
  /** Whether it has the lock: then it leads, or will as soon as there is a place, and others are to be answered. */
  onHeld(isHeld: boolean): void;
}

/** How often a waiting tab looks whether the one that leads is still there. */
const tickMs = 3000;
/** So often it is asked in vain before the lead is taken from it: its page hangs, or was frozen without a word. */
const mostAsks = 2;

/** @returns `null` if `signal` was aborted before this tab was to read. */
export async function takeLead(options: LeadOptions, signal: AbortSignal): Promise<Lead | null> {
  while (!signal.aborted) {
    const { rank } = options.interest;
    const changed = new AbortController();
    const unsubscribe = options.interest.subscribe(() => changed.abort());
    const until = anyOf(signal, changed.signal);
    const lead = await waitAs(rank, options, until);
    unsubscribe();
    if (lead !== null) return lead;
  }
  return null;
}

/** The lead of a stream that has just begun here, if it is free and there is a place for it at once. */
export async function takeLeadNow(options: LeadOptions): Promise<Lead | null> {
  const { locks, name, places, interest, onHeld } = options;
  const { rank } = interest;
  if (rank === "none") return null;
  const held = await takeLock(locks, name, { ifAvailable: true });
  if (held === null) return null;
  const place = await places.takeNow(rank);
  if (place === null) {
    held.release();
    return null;
  }
  onHeld(true);
  return toLead(held, place, rank, options);
}

function waitAs(rank: Rank, options: LeadOptions, until: AbortSignal): Promise<Lead | null> {
  if (rank === "front") return waitInFront(options, until);
  return rank === "back" ? waitBehind(options, until) : pause(until);
}

async function waitInFront(options: LeadOptions, until: AbortSignal): Promise<Lead | null> {
  const held = await takeOrSteal(options, until);
  if (held === null) return null;
  const drop = (): void => {
    options.onHeld(false);
    held.release();
  };
  until.addEventListener("abort", drop);
  if (until.aborted) drop();
  const place = await options.places.take("front", anyOf(until, held.lost));
  until.removeEventListener("abort", drop);
  if (place !== null && !until.aborted) return toLead(held, place, "front", options);
  place?.release();
  drop();
  return null;
}

/** In line for the lock; past the line where the one that has it says nothing any more. */
async function takeOrSteal(options: LeadOptions, until: AbortSignal): Promise<HeldLock | null> {
  const { locks, name, ask, isAlive, onHeld } = options;
  const lostPatience = new AbortController();
  let asks = 0;
  // Counted in ticks: after a sleep of this page, what was said meanwhile is heard before the next one.
  const timer = setInterval(() => {
    if (isAlive()) {
      asks = 0;
      return;
    }
    asks += 1;
    if (asks > mostAsks) lostPatience.abort();
    else ask();
  }, tickMs);
  const granted = await takeLock(locks, name, { signal: anyOf(until, lostPatience.signal) });
  clearInterval(timer);
  const held = granted ?? (until.aborted ? null : await takeLock(locks, name, { steal: true }));
  if (held !== null) onHeld(true);
  return held;
}

/** Only what nobody else reads or waits for, so that whoever looks at it has it as soon as this tab lets go. */
async function waitBehind(options: LeadOptions, until: AbortSignal): Promise<Lead | null> {
  const { locks, name, places, onHeld } = options;
  if (await isTaken(locks, name)) return pause(until, tickMs);
  const place = await places.take("back", until);
  if (place === null) return null;
  const held = until.aborted ? null : await takeLock(locks, name, { ifAvailable: true });
  if (held === null) {
    place.release();
    return pause(until, tickMs);
  }
  onHeld(true);
  return toLead(held, place, "back", options);
}

async function isTaken(locks: LockManager | null, lockName: string): Promise<boolean> {
  const { held, pending } = await readLocks(locks);
  return [...held, ...pending].includes(lockName);
}

function pause(until: AbortSignal, forMs?: number): Promise<null> {
  return new Promise((resolve) => {
    const end = (): void => {
      clearTimeout(timer);
      resolve(null);
    };
    const timer = forMs === undefined ? undefined : setTimeout(end, forMs);
    until.addEventListener("abort", end, { once: true });
    if (until.aborted) end();
  });
}

function toLead(held: HeldLock, place: Place, rank: Lead["rank"], { interest, locks, onHeld }: LeadOptions): Lead {
  const givenUp = new AbortController();
  const giveUp = (): void => givenUp.abort();
  const unsubscribe = interest.subscribe(() => {
    const isSeenLess = rank === "front" && interest.rank === "back" && locks !== null;
    if (interest.rank === "none" || isSeenLess) giveUp();
  });
  const over = anyOf(held.lost, place.over, givenUp.signal);
  let isReleased = false;
  function release(): void {
    if (isReleased) return;
    isReleased = true;
    unsubscribe();
    onHeld(false);
    place.release();
    held.release();
  }
  // At once: a page that is about to be frozen comes to nothing more.
  over.addEventListener("abort", release);
  if (over.aborted) release();
  return { rank, over, giveUp, release };
}
