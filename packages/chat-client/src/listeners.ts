/** Who wants to be told that something has changed. Used by generation-handle.ts and chat.ts. */

export interface Listeners {
  /** @returns a function that ends the subscription. */
  subscribe(onChange: () => void): () => void;
  tell(): void;
}

export function createListeners(): Listeners {
  const listeners = new Set<() => void>();
  return {
    subscribe(onChange) {
      // One of its own for each subscription, so that the same function can be subscribed twice.
      const listener = (): void => onChange();
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    tell() {
      for (const listener of listeners) {
        try {
          listener();
        } catch (error) {
          // As with an event listener: it is reported, and what it listened to goes on.
          queueMicrotask(() => {
            throw error;
          });
        }
      }
    },
  };
}
