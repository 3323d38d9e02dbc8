/**
 * Where the transcript stands. It follows its end only while the reader lets it: any wheel, touch, key or selection
 * lets go at once; coming back to the end, or the button, takes hold again. No timers: everything follows from events
 * and from sizes that have changed. Used by components/TranscriptView.vue.
 */

import { useEventListener, useResizeObserver } from "@vueuse/core";
import { ref } from "vue";
import type { Ref } from "vue";

export interface TranscriptScroll {
  /** The end of the transcript is out of sight. */
  away: Ref<boolean>;
  /** The transcript has moved from its beginning. */
  scrolled: Ref<boolean>;
  isFollowing(): boolean;
  letGo(): void;
  takeHold(): void;
}

const scrollKeys = new Set(["ArrowUp", "ArrowDown", "PageUp", "PageDown", "Home", "End", " "]);

export function useTranscriptScroll(
  scroller: Ref<HTMLElement | null>,
  content: Ref<HTMLElement | null>,
): TranscriptScroll {
  const away = ref(false);
  const scrolled = ref(false);
  let following = true;
  let lastTop = 0;

  function look(): void {
    const element = scroller.value;
    if (element === null) return;
    if (following) element.scrollTop = element.scrollHeight;
    lastTop = element.scrollTop;
    scrolled.value = element.scrollTop > 0;
    away.value = !following && toEnd(element) > 40;
  }

  function letGo(): void {
    following = false;
  }

  function takeHold(): void {
    following = true;
    look();
  }

  useResizeObserver([scroller, content], look);
  useEventListener(scroller, "wheel", (event) => event.deltaY < 0 && letGo(), { passive: true });
  useEventListener(scroller, "touchmove", letGo, { passive: true });
  useEventListener(scroller, "keydown", (event) => scrollKeys.has(event.key) && letGo());
  useEventListener(scroller, "pointerdown", (event) => event.target === scroller.value && letGo());
  useEventListener(document, "selectionchange", () => {
    if (isSelecting(scroller.value)) letGo();
  });
  useEventListener(
    scroller,
    "scroll",
    () => {
      const element = scroller.value;
      if (element === null) return;
      const down = element.scrollTop > lastTop;
      // Whoever scrolls up by other means (the scroll bar, a search in the page) wants to stay there, too.
      if (element.scrollTop < lastTop && toEnd(element) > 2) letGo();
      if (!following && down && toEnd(element) <= 2 && !isSelecting(element)) following = true;
      lastTop = element.scrollTop;
      scrolled.value = element.scrollTop > 0;
      away.value = !following && toEnd(element) > 40;
    },
    { passive: true },
  );

  return { away, scrolled, isFollowing: () => following, letGo, takeHold };
}

function toEnd(element: HTMLElement): number {
  return element.scrollHeight - element.clientHeight - element.scrollTop;
}

function isSelecting(element: HTMLElement | null): boolean {
  const selection = document.getSelection();
  return selection !== null && !selection.isCollapsed && element !== null && selection.containsNode(element, true);
}
