/** How many connections there may be at once, of one user, from one address, of all. Used by hub. */
import { toAddressKey } from "../address-key.ts";
import { HubError } from "./errors.ts";

export interface ConnectionLimits {
  /** @defaultValue Infinity */
  connections: number;
  /** Those without a user are not counted. @defaultValue Infinity */
  connectionsPerUser: number;
  /** An IPv6 /64 counts as one address. @defaultValue Infinity */
  connectionsPerAddress: number;
}

export interface Slots {
  /**
   * Takes a place before anything is waited for, so that many at once cannot slip in together. Nobody is evicted.
   *
   * @throws {HubError} "too-many-connections".
   */
  take(who: SlotOwner): void;
  /** To be called once for each `take`. */
  giveBack(who: SlotOwner): void;
}

export interface SlotOwner {
  readonly user: string | undefined;
  readonly address: string | undefined;
}

export function createSlots({ connections, connectionsPerUser, connectionsPerAddress }: ConnectionLimits): Slots {
  const counts = new Map<string, number>();

  function countUp(key: string, by: number): void {
    const count = (counts.get(key) ?? 0) + by;
    if (count > 0) counts.set(key, count);
    else counts.delete(key);
  }

  function toWanted({ user, address }: SlotOwner): Array<[key: string, limit: number]> {
    const wanted: Array<[key: string, limit: number]> = [["all", connections]];
    if (user !== undefined) wanted.push([`user ${user}`, connectionsPerUser]);
    if (address !== undefined) wanted.push([`address ${toAddressKey(address)}`, connectionsPerAddress]);
    return wanted;
  }

  return {
    take(who) {
      const wanted = toWanted(who);
      if (wanted.some(([key, limit]) => (counts.get(key) ?? 0) >= limit)) {
        throw new HubError("too-many-connections", "There are too many connections; close one, or come back later");
      }
      for (const [key] of wanted) countUp(key, 1);
    },
    giveBack(who) {
      for (const [key] of toWanted(who)) countUp(key, -1);
    },
  };
}
