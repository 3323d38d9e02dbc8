/**
 * How far each generation was read, and what had been made of it: one cannot go on without the other. Both are stored
 * as one item, so a place that was stored too early is only an older place. Used by generation-handle.ts.
 */
import type { Answer } from "./answer.ts";
import type { CursorStorage } from "./storage.ts";

export interface Cursor {
  readonly lastEventId: string;
  readonly answer: Answer;
}

export interface Cursors {
  /** The stored place; `null` if there is none that can be used. */
  read(generationId: string): Promise<Cursor | null>;
  /** Stores it within a quarter of a second, and at the latest when the page goes. */
  keep(generationId: string, cursor: Cursor): void;
  /** Stores now what is still to be stored. */
  flush(): void;
  forget(generationId: string): void;
}

/** A delta comes every few milliseconds, and each place holds the whole text. */
const everyMs = 250;
/** Of what is stored; another version's cursors are not read. */
const version = 1;

export function createCursors(storage: CursorStorage): Cursors {
  const unsaved = new Map<string, Cursor>();
  let scheduled: AbortController | undefined;

  function schedule(): void {
    if (scheduled !== undefined) return;
    scheduled = new AbortController();
    const { signal } = scheduled;
    const timer = setTimeout(flush, everyMs);
    signal.addEventListener("abort", () => clearTimeout(timer));
    // Node's global object is no EventTarget.
    const target = globalThis as Partial<Pick<typeof globalThis, "addEventListener">>;
    target.addEventListener?.("pagehide", flush, { signal });
  }

  function flush(): void {
    scheduled?.abort();
    scheduled = undefined;
    for (const [generationId, cursor] of unsaved) {
      void quietly(() => storage.setItem(keyOf(generationId), JSON.stringify({ version, ...cursor })));
    }
    unsaved.clear();
  }

  return {
    async read(generationId) {
      const waiting = unsaved.get(generationId);
      if (waiting !== undefined) return waiting;
      try {
        return toCursor(generationId, await storage.getItem(keyOf(generationId)));
      } catch {
        return null;
      }
    },
    keep(generationId, cursor) {
      unsaved.set(generationId, cursor);
      schedule();
    },
    flush,
    forget(generationId) {
      unsaved.delete(generationId);
      void quietly(() => storage.removeItem(keyOf(generationId)));
    },
  };
}

function keyOf(generationId: string): string {
  return `typebar:cursor:${generationId}`;
}

/** A full or forbidden storage costs nothing but the place. */
async function quietly(store: () => unknown): Promise<void> {
  try {
    await store();
  } catch {
    // Read again from the server, then.
  }
}

function toCursor(generationId: string, item: string | null): Cursor | null {
  if (item === null) return null;
  const stored = JSON.parse(item) as Partial<Cursor & { version: number }>;
  const { lastEventId, answer } = stored;
  const isOurs = stored.version === version && lastEventId?.startsWith(`${generationId}:`) === true;
  if (!isOurs || answer?.generationId !== generationId || !Array.isArray(answer.parts)) return null;
  return { lastEventId, answer };
}
