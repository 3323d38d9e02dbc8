/**
 * How many event streams one address may have open, answers and channels together. Asked by the routes before anything is begun, so
 * that whoever is refused has started nothing; nobody who is in is put out.
 */
import type { ServerResponse } from "node:http";
import { createOccupancy, toAddressKey } from "@typebar/server";

export interface StreamLimitOptions {
  /** `Infinity`: any number. */
  perAddress: number;
  onRefused: () => void;
}

export interface StreamLimit {
  /** Takes a place. @returns the way to give it back, once; `undefined` if there is none. */
  take: (address: string) => (() => void) | undefined;
  /** Takes one until the response is over; asked again for the same one, it takes no second. `false`: there is none. */
  admit: (address: string, response: ServerResponse) => boolean;
}

export function createStreamLimit({ perAddress, onRefused }: StreamLimitOptions): StreamLimit {
  const occupancy = createOccupancy();
  const admitted = new WeakSet<ServerResponse>();

  function take(address: string): (() => void) | undefined {
    if (perAddress === Number.POSITIVE_INFINITY) return nothing;
    const name = toAddressKey(address);
    if (occupancy.take([[name, perAddress]])) return () => occupancy.giveBack([name]);
    onRefused();
    return undefined;
  }

  return {
    take,
    admit(address, response) {
      // Of a response that is over nobody would give the place back.
      if (admitted.has(response) || response.closed) return true;
      const giveBack = take(address);
      if (!giveBack) return false;
      admitted.add(response);
      if (giveBack !== nothing) response.once("close", giveBack);
      return true;
    },
  };
}

function nothing(): void {}
