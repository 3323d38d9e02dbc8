/**
 * Counts wrong passwords in this process: for itself where it is the only one, and beside the shared count where there are several.
 * Used by password-gate.ts and shared-attempts.ts. Whoever is signed in is never asked.
 */
import { toAddressKey } from "@typebar/server";
import { failOfAddress, failOfAll, type Failures, forgetMs, waitOf } from "./attempt-rules.ts";

/** What an attempt showed: the password, something else, or another key that opens what was asked for. */
export type Verdict = "right" | "wrong" | "other-key";

export interface Attempts {
  /**
   * Counts one attempt, unless its address has to wait: then nobody learns what it showed. `other-key` is neither counted nor forgiven.
   *
   * @returns how long this address still has to wait, in milliseconds; 0: it was counted.
   */
  take(address: string, verdict: Verdict): Promise<number>;
}

/** Of one address, or of all together, by this process's clock. */
export interface Counted {
  ofAddress: Failures | undefined;
  ofAll: Failures | undefined;
  /** The address has shown the password: it does not wait for what others did. */
  isKnown: boolean;
}

export interface OwnAttempts extends Attempts {
  waitMs(address: string): number;
  /** The same, but for what it waits for the failures of others. */
  waitOfAddressMs(address: string): number;
  /** Takes over what was counted elsewhere. */
  note(address: string, counted: Counted): void;
}

/** An attacker with many addresses drives out the oldest, and can hold no more memory than this. */
const maxAddresses = 10_000;
const maxKnownAddresses = 1000;

/** `now` gives milliseconds of any clock that never goes back. */
export function createOwnAttempts({ now }: { now: () => number }): OwnAttempts {
  // Both in the order of the last attempt, oldest first.
  const failures = new Map<string, Failures>();
  const known = new Set<string>();
  let ofAll: Failures | undefined;

  function read(key: string): Failures | undefined {
    const found = failures.get(key);
    return found && now() - found.atMs <= forgetMs ? found : undefined;
  }

  const waitOfAddressMs = (address: string): number => waitOf(read(toAddressKey(address)), now());

  function waitMs(address: string): number {
    const isKnown = known.has(toAddressKey(address));
    return Math.max(waitOfAddressMs(address), isKnown ? 0 : waitOf(ofAll, now()));
  }

  function note(address: string, counted: Counted): void {
    const key = toAddressKey(address);
    failures.delete(key);
    if (counted.ofAddress) failures.set(key, counted.ofAddress);
    dropOldest(failures, maxAddresses);
    if (counted.isKnown) {
      known.delete(key);
      known.add(key);
      dropOldest(known, maxKnownAddresses);
    }
    ofAll = counted.ofAll;
  }

  return {
    waitMs,
    waitOfAddressMs,
    note,
    async take(address, verdict) {
      const wait = waitMs(address);
      if (wait > 0 || verdict === "other-key") return wait;
      if (verdict === "right") note(address, { ofAddress: undefined, ofAll, isKnown: true });
      else {
        const ofAddress = failOfAddress(read(toAddressKey(address)), now());
        note(address, { ofAddress, ofAll: failOfAll(ofAll, now()), isKnown: false });
      }
      return 0;
    },
  };
}

function dropOldest(entries: Map<string, unknown> | Set<string>, most: number): void {
  const oldest = entries.keys().next().value;
  if (entries.size > most && oldest !== undefined) entries.delete(oldest);
}
