/**
 * Whether anybody looks at this page. What nobody sees needs no connection of its own: asked by interest.ts.
 */
import { createListeners } from "../listeners.ts";

export type Attention = "seen" | "hidden" | "asleep";

export interface AttentionSource {
  readonly state: Attention;
  /** @returns a function that ends the subscription. */
  subscribe(onChange: () => void): () => void;
}

/** Who only looks something up elsewhere comes back sooner. */
const hiddenMs = 10_000;

/** For whoever does not share: as if the page were looked at all the time. */
export const alwaysSeen: AttentionSource = { state: "seen", subscribe: () => () => undefined };

export function createAttention(document: Document): AttentionSource {
  const { subscribe, tell } = createListeners();
  let state: Attention = document.hidden ? "hidden" : "seen";
  let timer: ReturnType<typeof setTimeout> | undefined;

  function moveTo(next: Attention): void {
    clearTimeout(timer);
    if (state === next) return;
    state = next;
    tell();
  }

  function look(): void {
    clearTimeout(timer);
    if (!document.hidden) moveTo("seen");
    else if (state === "asleep") moveTo("hidden");
    else timer = setTimeout(moveTo, hiddenMs, "hidden");
  }

  const sleep = (): void => moveTo("asleep");
  document.addEventListener("visibilitychange", look);
  // A frozen page would keep what it holds, and do nothing with it.
  document.addEventListener("freeze", sleep);
  document.addEventListener("resume", look);
  const { defaultView: window } = document;
  window?.addEventListener("pagehide", ({ persisted }) => persisted && sleep());
  window?.addEventListener("pageshow", look);

  return {
    get state() {
      return state;
    },
    subscribe,
  };
}
