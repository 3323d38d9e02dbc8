/** Seeded randomness: the same seed gives the same faults and the same texts. Used by everything in this folder. */

/** Numbers in [0, 1), the same sequence for the same seed (mulberry32). */
export type Random = () => number;

export function createRandom(seed: number): Random {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** A whole number from `min` to `max`, both possible. */
export function randomInteger(random: Random, min: number, max: number): number {
  return min + Math.floor(random() * (max - min + 1));
}

/** @throws {Error} if there is nothing to pick. */
export function pick<Item>(items: readonly Item[], random: Random): Item {
  const item = items[randomInteger(random, 0, items.length - 1)];
  if (item === undefined) throw new Error("Nothing to pick from");
  return item;
}

/** A stable 32-bit number for a text (FNV-1a), to seed from. */
export function hashText(text: string): number {
  let hash = 0x811c9dc5;
  for (const byte of new TextEncoder().encode(text)) hash = Math.imul(hash ^ byte, 0x01000193) >>> 0;
  return hash;
}
