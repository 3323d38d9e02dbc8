/**
 * Which turns of a long conversation are drawn in full: the newest, and whatever has come near the view. The others stand
 * there as plain text, which costs next to nothing and is found by a search in the page. Used by components/TranscriptView.vue.
 */
import { onBeforeUnmount, shallowReactive, watch } from "vue";
import type { Ref } from "vue";

/** Shorter conversations are drawn in full. */
const shortTurns = 40;
/** Of a longer one so many at its end are, from the first moment on. */
const newestTurns = 8;

export interface NearTurns {
  isNear(key: string, index: number, count: number): boolean;
  /** To be called with the element of each turn. */
  watchTurn(element: unknown, key: string): void;
}

export function useNearTurns(scroller: Ref<HTMLElement | null>): NearTurns {
  const near = shallowReactive(new Set<string>());
  const waiting = new Set<Element>();
  let observer: IntersectionObserver | undefined;

  function onSeen(entries: readonly IntersectionObserverEntry[]): void {
    for (const { isIntersecting, target } of entries) {
      if (!isIntersecting || !(target instanceof HTMLElement)) continue;
      near.add(target.dataset["turn"] ?? "");
      observer?.unobserve(target);
    }
  }

  watch(
    scroller,
    (root) => {
      observer?.disconnect();
      if (root === null) return;
      // About two screens ahead, so that what is scrolled to is there already.
      observer = new IntersectionObserver(onSeen, { root, rootMargin: "1600px 0px" });
      for (const element of waiting) observer.observe(element);
      waiting.clear();
    },
    { flush: "post", immediate: true },
  );
  onBeforeUnmount(() => observer?.disconnect());

  return {
    isNear: (key, index, count) => count <= shortTurns || index >= count - newestTurns || near.has(key),
    watchTurn(element, key) {
      if (!(element instanceof Element) || near.has(key)) return;
      if (observer === undefined) waiting.add(element);
      else observer.observe(element);
    },
  };
}
