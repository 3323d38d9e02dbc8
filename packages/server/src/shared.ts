/** Things that several use at once, made for the first and let go of after the last. Used for feeds and tails. */

export interface Shared<T> {
  /** Each must be given back, once. */
  borrow(key: string, create: () => T): T;
  giveBack(key: string): void;
}

/** @param onUnused - Told of what the last user has given back. */
export function createShared<T>(onUnused?: (value: T) => void): Shared<T> {
  const entries = new Map<string, { value: T; userCount: number }>();
  return {
    borrow(key, create) {
      const entry = entries.get(key) ?? { value: create(), userCount: 0 };
      entries.set(key, entry);
      entry.userCount += 1;
      return entry.value;
    },
    giveBack(key) {
      const entry = entries.get(key);
      if (!entry) return;
      entry.userCount -= 1;
      if (entry.userCount > 0) return;
      entries.delete(key);
      onUnused?.(entry.value);
    },
  };
}
