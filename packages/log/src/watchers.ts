/** Who wants to be woken, by log. Shared by the drivers; a wake-up is only a hint. */
import type { WakeUp } from "./record-log.ts";

type Listener = (wakeUp: WakeUp) => void;

export interface Watchers {
  watch(logId: string, listener: Listener): () => void;
  wake(logId: string, wakeUp: WakeUp): void;
}

export function createWatchers(): Watchers {
  const byLog = new Map<string, Set<Listener>>();
  return {
    watch(logId, listener) {
      // Its own function each time, so that one listener may watch twice and leave once.
      const own: Listener = (wakeUp) => listener(wakeUp);
      let listeners = byLog.get(logId);
      if (!listeners) byLog.set(logId, (listeners = new Set()));
      listeners.add(own);
      return () => {
        const current = byLog.get(logId);
        if (!current?.delete(own)) return;
        if (current.size === 0) byLog.delete(logId);
      };
    },
    wake(logId, wakeUp) {
      const listeners = byLog.get(logId);
      if (!listeners) return;
      for (const listener of listeners) listener(wakeUp);
    },
  };
}
