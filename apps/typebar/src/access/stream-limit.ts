/**
 * How many event streams one address may have open, answers and channels together. Asked by the routes before anything is begun, so
 * that whoever is refused has started nothing; nobody who is in is put out.
 */
import type { ServerResponse } from "node:http";
import { toAddressKey } from "@typebar/server";

export interface StreamLimitOptions {
  /** `Infinity`: any number. */
  perAddress: number;
  onRefused: () => void;
}

/** Takes a place until the response is over; asked again for the same one, it takes no second. `false`: there is none. */
export type AdmitStream = (address: string, response: ServerResponse) => boolean;

export function createStreamLimit({ perAddress, onRefused }: StreamLimitOptions): AdmitStream {
  const counts = new Map<string, number>();
  const admitted = new WeakSet<ServerResponse>();

  function leave(key: string): void {
    const count = (counts.get(key) ?? 0) - 1;
    if (count > 0) counts.set(key, count);
    else counts.delete(key);
  }

  return (address, response) => {
    // Of a response that is over nobody would give the place back.
    if (perAddress === Number.POSITIVE_INFINITY || admitted.has(response) || response.closed) return true;
    const key = toAddressKey(address);
    const count = counts.get(key) ?? 0;
    if (count >= perAddress) {
      onRefused();
      return false;
    }
    counts.set(key, count + 1);
    admitted.add(response);
    response.once("close", () => leave(key));
    return true;
  };
}
