/** Who holds how many places, up to a number for each. Used by the limits of the hub, and by a server that counts its streams itself. */

export interface Occupancy {
  /** Takes a place for each name, or none at all. Nobody is evicted. @returns whether there was one for each. */
  take(wanted: ReadonlyArray<readonly [name: string, most: number]>): boolean;
  /** To be called once for each `take` that was granted, with the same names. */
  giveBack(names: readonly string[]): void;
}

export function createOccupancy(): Occupancy {
  const counts = new Map<string, number>();
  return {
    take(wanted) {
      if (wanted.some(([name, most]) => (counts.get(name) ?? 0) >= most)) return false;
      for (const [name] of wanted) counts.set(name, (counts.get(name) ?? 0) + 1);
      return true;
    },
    giveBack(names) {
      for (const name of names) {
        const count = (counts.get(name) ?? 0) - 1;
        if (count > 0) counts.set(name, count);
        else counts.delete(name);
      }
    },
  };
}
