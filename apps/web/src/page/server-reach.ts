/**
 * Whether the server answers. Asked when the page starts, and again when something fails to reach it: after a growing
 * pause, and at once when the network is back or somebody looks at the page. Made by app-context.ts.
 */

import { shallowRef } from "vue";
import type { ShallowRef } from "vue";

export interface ServerReach {
  /** What is sent now would not arrive. */
  readonly lost: Readonly<ShallowRef<boolean>>;
  /** Asks now: at the start, by the reader's wish, or because a connection broke. */
  ask(): Promise<void>;
  /** @returns a function that ends it. */
  start(): () => void;
}

export interface ServerReachOptions {
  /** A small request. @returns whether the server answered, whatever it said. */
  reaches(): Promise<boolean>;
  /** It answers again. */
  onBack(): void;
  window: Pick<Window, "addEventListener" | "removeEventListener" | "setTimeout" | "clearTimeout"> & {
    readonly navigator: { readonly onLine: boolean };
  };
}

const firstPauseMs = 1000;
const longestPauseMs = 30_000;

export function createServerReach({ reaches, onBack, window }: ServerReachOptions): ServerReach {
  const lost = shallowRef(false);
  let asking: Promise<void> | undefined;
  let timer: number | undefined;
  let pauseMs = firstPauseMs;

  async function askServer(): Promise<void> {
    window.clearTimeout(timer);
    if (await reaches()) {
      const wasLost = lost.value;
      lost.value = false;
      pauseMs = firstPauseMs;
      if (wasLost) onBack();
      return;
    }
    lost.value = true;
    // Without any network the browser says itself when there is one again.
    if (!window.navigator.onLine) return;
    timer = window.setTimeout(() => void ask(), pauseMs);
    pauseMs = Math.min(pauseMs * 2, longestPauseMs);
  }

  function ask(): Promise<void> {
    asking ??= askServer().finally(() => (asking = undefined));
    return asking;
  }

  function onOffline(): void {
    window.clearTimeout(timer);
    lost.value = true;
  }
  function onReturn(): void {
    if (lost.value) void ask();
  }

  return {
    lost,
    ask,
    start() {
      window.addEventListener("offline", onOffline);
      window.addEventListener("online", onReturn);
      window.addEventListener("focus", onReturn);
      if (!window.navigator.onLine) onOffline();
      return () => {
        window.clearTimeout(timer);
        window.removeEventListener("offline", onOffline);
        window.removeEventListener("online", onReturn);
        window.removeEventListener("focus", onReturn);
      };
    },
  };
}
