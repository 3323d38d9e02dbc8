/** Things that several use at once, made for the first and let go of after the last. Used for feeds and tails. */

export interface Shared<T> {
  /** Each must be given back, once. */
  borrow(key: string, create: () => T): { value: T; giveBack: () => void };
}

export function createShared<T>(): Shared<T> {
  const entries = new Map<string, { value: T; userCount: number }>();
  return {
    borrow(key, create) {
      const entry = entries.get(key) ?? { value: create(), userCount: 0 };
      entries.set(key, entry);
      entry.userCount += 1;
      return {
        value: entry.value,
        giveBack() {
          entry.userCount -= 1;
          if (entry.userCount === 0) entries.delete(key);
        },
      };
    },
  };
}
