/** How much this tab wants one stream. Made for each stream that is followed; asked by lead.ts. */
import { createListeners } from "../listeners.ts";
import type { AttentionSource } from "./attention.ts";

/** `front`: it is looked at. `back`: it is to be had, but nobody sees it. `none`: somebody else may read it. */
export type Rank = "front" | "back" | "none";

export interface Interest extends Disposable {
  readonly rank: Rank;
  setInView(inView: boolean): void;
  /** @returns a function that ends the subscription. */
  subscribe(onChange: () => void): () => void;
}

/** @param whenHidden - What it is worth while nobody looks at it. */
export function createInterest(attention: AttentionSource, whenHidden: "back" | "none"): Interest {
  const { subscribe, tell } = createListeners();
  let inView = true;
  let rank = compute();

  function compute(): Rank {
    if (attention.state === "asleep") return "none";
    return inView && attention.state === "seen" ? "front" : whenHidden;
  }

  function update(): void {
    const next = compute();
    if (next === rank) return;
    rank = next;
    tell();
  }

  const ignore = attention.subscribe(update);
  return {
    get rank() {
      return rank;
    },
    setInView(next) {
      inView = next;
      update();
    },
    subscribe,
    [Symbol.dispose]: ignore,
  };
}
