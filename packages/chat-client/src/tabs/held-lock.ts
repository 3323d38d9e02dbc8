/** A Web Lock as something that is held and given back. Used by lead.ts and places.ts. */

export interface HeldLock {
  /** Aborted when another tab took it away. */
  readonly lost: AbortSignal;
  release(): void;
}

export interface TakeOptions {
  /** Ends the waiting; what is held already stays held. */
  signal?: AbortSignal;
  /** Does not wait: `null` if somebody has it, or waits for it. */
  ifAvailable?: boolean;
  /** Takes it away from whoever has it. */
  steal?: boolean;
}

/** Nobody else there: held as soon as it is asked for. */
const privateLock: HeldLock = Object.freeze({
  lost: new AbortController().signal,
  release: () => undefined,
});

/**
 * The browser grants locks in the order of the requests, and takes them back from a tab that was closed or has crashed.
 *
 * @param locks - `null` where the tabs cannot agree: then it is held at once.
 * @returns `null` if it is not to be had, or no longer waited for.
 */
export function takeLock(
  locks: LockManager | null,
  name: string,
  { signal, ...options }: TakeOptions = {},
): Promise<HeldLock | null> {
  if (locks === null) return Promise.resolve(privateLock);
  if (signal?.aborted === true) return Promise.resolve(null);
  return new Promise((resolve) => {
    const lost = new AbortController();
    const hold = (lock: Lock | null): Promise<void> | undefined => {
      if (lock === null) {
        resolve(null);
        return undefined;
      }
      return new Promise((release) => resolve({ lost: lost.signal, release }));
    };
    locks.request(name, { ...options, ...(signal && { signal }) }, hold).catch((error: unknown) => {
      lost.abort();
      // The waiting was ended, or the lock taken away. Anything else (a sandboxed frame) is as if there were no locks.
      resolve(error instanceof DOMException && error.name === "AbortError" ? null : privateLock);
    });
  });
}

/** Names of the locks that somebody has, and of those that somebody waits for. */
export async function readLocks(locks: LockManager | null): Promise<{ held: string[]; pending: string[] }> {
  const { held, pending } = (await locks?.query().catch(() => undefined)) ?? {};
  return { held: toNames(held), pending: toNames(pending) };
}

function toNames(infos: readonly LockInfo[] = []): string[] {
  return infos.flatMap(({ name }) => (name === undefined ? [] : [name]));
}
