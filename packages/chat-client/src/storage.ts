/** Where cursors are kept over a reload: the port, and what stands behind it here. Used by cursors.ts. */

/**
 * The slice of Web Storage that is needed; what is asynchronous (React Native's AsyncStorage) fits as well. It may
 * fail: a place that was not kept is read again from the server.
 */
export interface CursorStorage {
  getItem(key: string): string | null | Promise<string | null>;
  setItem(key: string, value: string): unknown;
  removeItem(key: string): unknown;
}

/** A cursor holds a whole answer, and one that ended elsewhere is never asked for again. */
const mostItems = 16;

/** Lasts as long as the client: enough to let go of a generation and to take it up again. The default. */
export function createMemoryStorage(): CursorStorage {
  const items = new Map<string, string>();
  return {
    getItem: (key) => items.get(key) ?? null,
    setItem(key, value) {
      items.delete(key);
      items.set(key, value);
      const [oldest] = items.keys();
      if (items.size > mostItems && oldest !== undefined) items.delete(oldest);
    },
    removeItem: (key) => items.delete(key),
  };
}

/**
 * `session` lasts over reloads of one tab, `local` over the closing of the browser too. Where the browser forbids it,
 * or where there is none, nothing is kept. Of all answers the newest 16 are.
 */
export function createWebStorage(kind: "session" | "local"): CursorStorage {
  return {
    getItem: (key) => withoutTime(openArea(kind)?.getItem(key) ?? null),
    setItem(key, value) {
      const area = openArea(kind);
      if (area === null) return;
      if (area.getItem(key) === null) makeRoom(area, key);
      area.setItem(key, `${Date.now()} ${value}`);
    },
    removeItem: (key) => openArea(kind)?.removeItem(key),
  };
}

/** Even to ask for it is an error where cookies are forbidden. */
function openArea(kind: "session" | "local"): Storage | null {
  try {
    return (kind === "session" ? globalThis.sessionStorage : globalThis.localStorage) ?? null;
  } catch {
    return null;
  }
}

function makeRoom(area: Storage, key: string): void {
  const prefix = key.slice(0, key.lastIndexOf(":") + 1);
  const keys = Array.from({ length: area.length }, (_, index) => area.key(index) ?? "");
  const others = keys.filter((other) => other.startsWith(prefix));
  const byAge = others.toSorted((a, b) => timeOf(area.getItem(a)) - timeOf(area.getItem(b)));
  for (const old of byAge.slice(0, Math.max(0, byAge.length - mostItems + 1))) area.removeItem(old);
}

function timeOf(item: string | null): number {
  return Number.parseInt(item ?? "", 10) || 0;
}

function withoutTime(item: string | null): string | null {
  return item === null ? null : item.slice(item.indexOf(" ") + 1);
}
