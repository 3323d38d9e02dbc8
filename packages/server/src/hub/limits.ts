/** How many connections there may be at once, of one user, from one address, of all. Used by hub. */
import { toAddressKey } from "../address-key.ts";
import { createOccupancy } from "../occupancy.ts";
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
  const occupancy = createOccupancy();

  function toWanted({ user, address }: SlotOwner): Array<[name: string, most: number]> {
    const wanted: Array<[name: string, most: number]> = [["all", connections]];
    if (user !== undefined) wanted.push([`user ${user}`, connectionsPerUser]);
    if (address !== undefined) wanted.push([`address ${toAddressKey(address)}`, connectionsPerAddress]);
    return wanted;
  }

  return {
    take(who) {
      if (occupancy.take(toWanted(who))) return;
      throw new HubError("too-many-connections", "There are too many connections; close one, or come back later");
    },
    giveBack: (who) => occupancy.giveBack(toWanted(who).map(([name]) => name)),
  };
}
