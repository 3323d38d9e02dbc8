/**
 * The connections that all tabs of a browser have for running answers. Each place is a lock; whoever holds it reads one
 * answer. Where more want one, they read in turns, in the order in which they came. Asked by lead.ts.
 *
 * A browser opens six connections to a server over HTTP/1.1: one reads the channels, three read answers, and two are
 * always left for requests.
 */
import { anyOf } from "./any-of.ts";
import { readLocks, takeLock } from "./held-lock.ts";
import type { HeldLock } from "./held-lock.ts";
import type { Rank } from "./interest.ts";
import { openTabChannel } from "./tab-channel.ts";

export interface Place {
  /** Aborted when its turn is over, and when it was lost. */
  readonly over: AbortSignal;
  release(): void;
}

export interface Places {
  /** Waits for one. @returns `null` if `signal` was aborted meanwhile. */
  take(rank: ActiveRank, signal: AbortSignal): Promise<Place | null>;
  /** Does not wait. */
  takeNow(rank: ActiveRank): Promise<Place | null>;
}

type ActiveRank = Exclude<Rank, "none">;

export interface PlacesOptions {
  locks: LockManager | null;
  /** Begins the names of the locks. */
  prefix: string;
  /** How long whoever has a place keeps it where others wait, in milliseconds. @defaultValue 1500 */
  turnMs?: number;
}

/** What nobody sees has one place of them all, so that what is looked at always has two. */
const placesOf: Readonly<Record<ActiveRank, readonly string[]>> = { front: ["1", "2", "3"], back: ["3"] };
/** Only those in front wait for it. */
const frontPlace = "1";
/** Several hear of whoever waits, and one that makes room is enough. */
const spreadMs = 60;

export function createPlaces({ locks, prefix, turnMs = 1500 }: PlacesOptions): Places {
  const toName = (place: string): string => `${prefix}place:${place}`;

  async function takeNow(rank: ActiveRank): Promise<Place | null> {
    for (const place of placesOf[rank]) {
      const held = await takeLock(locks, toName(place), { ifAvailable: true });
      if (held !== null) return toPlace(held, place, rank);
    }
    return null;
  }

  /** Waits for all it may have, and keeps the first. */
  async function waitFor(rank: ActiveRank, signal: AbortSignal): Promise<Place | null> {
    const enough = new AbortController();
    const waiting = anyOf(signal, enough.signal);
    const channel = openTabChannel<ActiveRank>(`${prefix}places`, () => undefined);
    const askFor = (): void => channel.post(rank);
    const timer = setInterval(askFor, turnMs);
    let first: Place | null = null;
    const requests = placesOf[rank].map(async (place) => {
      const held = await takeLock(locks, toName(place), { signal: waiting });
      if (held === null) return;
      if (first !== null) return held.release();
      first = toPlace(held, place, rank);
      enough.abort();
    });
    askFor();
    await Promise.all(requests);
    clearInterval(timer);
    channel.close();
    return first;
  }

  function toPlace(held: HeldLock, place: string, rank: ActiveRank): Place {
    const over = new AbortController();
    let turnIsOver = false;
    let soon: ReturnType<typeof setTimeout> | undefined;

    async function look(): Promise<void> {
      const { pending } = await readLocks(locks);
      const isWanted = (one: string): boolean => pending.includes(toName(one));
      if (isWanted(place) && (turnIsOver || (rank === "back" && isWanted(frontPlace)))) over.abort();
    }
    function lookSoon(): void {
      clearTimeout(soon);
      soon = setTimeout(() => void look(), Math.random() * spreadMs);
    }

    const turn = setTimeout(() => {
      turnIsOver = true;
      void look();
    }, turnMs);
    const channel = openTabChannel<ActiveRank>(`${prefix}places`, lookSoon);
    if (rank === "back") lookSoon();
    return {
      over: anyOf(over.signal, held.lost),
      release() {
        clearTimeout(turn);
        clearTimeout(soon);
        channel.close();
        held.release();
      },
    };
  }

  return {
    takeNow,
    take: async (rank, signal) => (await takeNow(rank)) ?? waitFor(rank, signal),
  };
}

/** For whoever shares with nobody, and for streams that need none: any number. */
export const anyPlaces: Places = { take: async () => anyPlace, takeNow: async () => anyPlace };

const anyPlace: Place = Object.freeze({ over: new AbortController().signal, release: () => undefined });
