/**
 * What of a long conversation is drawn, and how. The newest turns come first; the groups before them follow while the
 * browser has nothing else to do, as plain text that is not laid out but found by a search in the page. Turns that come
 * near the view are drawn in full: those that are seen before the next frame, the others one a frame. Nothing that is
 * read moves. Used by components/TranscriptView.vue.
 */
import { useEventListener, useResizeObserver } from "@vueuse/core";
import { computed, nextTick, onBeforeUnmount, shallowReactive, watch } from "vue";
import type { Ref } from "vue";
import { elementsBetween } from "./elements-between.ts";
import type { Placed } from "./elements-between.ts";
import { restoreAnchor, toAnchor } from "./keep-in-place.ts";
import type { Anchor } from "./keep-in-place.ts";
import { onIdle } from "./on-idle.ts";
import { bringSelection, findSelectedTurn, isHeldBySelection } from "./selected-turn.ts";
import { holdSameTurns } from "./turn-groups.ts";
import type { TurnGroup } from "./turn-groups.ts";

/** Shorter conversations are drawn in full at once; of longer ones so many turns at the end. */
const shortTurns = 20;
const newestTurns = 8;
/** A wheel that is turned fast comes so far in a tenth of a second. */
const fullAheadPx = 1600;
const laidOutAheadPx = 3000;
/** Much later than it was laid out, so that nobody goes to and fro over the border. */
const putAwayBeyondPx = 8000;
/** One takes about a millisecond. */
const groupsAtOnce = 4;

export interface NearTurns {
  /** Its turns are on the page. */
  isDrawn(group: TurnGroup): boolean;
  /** It is far from the view, and need not be laid out. */
  isAway(group: TurnGroup): boolean;
  isFull(turnKey: string): boolean;
  /** In full, wherever it is. */
  draw(turnKey: string): Promise<void>;
}

export interface NearTurnsOptions {
  scroller: Ref<HTMLElement | null>;
  content: Ref<HTMLElement | null>;
  groups: Ref<readonly TurnGroup[]>;
  /** The end is held in view: there is nothing else to hold. */
  isFollowing(): boolean;
}

interface View {
  top: number;
  bottom: number;
  groups: Placed[];
  turns: Placed[];
}

export function useNearTurns({ scroller, content, groups, isFollowing }: NearTurnsOptions): NearTurns {
  const drawn = shallowReactive(new Set<string>());
  const close = shallowReactive(new Set<string>());
  const full = shallowReactive(new Set<string>());
  const anchorsItself = CSS.supports("overflow-anchor", "auto");
  let frame: number | undefined;
  let stopWaiting: (() => void) | undefined;
  let isSettling = false;
  let selected: Element | null = null;

  /** Other ones, and not only what is said in them. */
  const others = computed<readonly TurnGroup[]>((before) =>
    before !== undefined && holdSameTurns(groups.value, before) ? before : groups.value,
  );
  watch(others, drawNewest, { immediate: true });
  watch(others, () => void settle(), { flush: "post" });
  useEventListener(scroller, "scroll", () => void settle(), { passive: true });
  // What is drawn here changes sizes itself: in the next frame, not in the middle of this one.
  useResizeObserver([scroller, content], goOn);
  useEventListener(window, "focus", goOn);
  useEventListener(document, "selectionchange", () => void followSelection());
  onBeforeUnmount(() => {
    if (frame !== undefined) cancelAnimationFrame(frame);
    stopWaiting?.();
  });

  function drawNewest(): void {
    const newest = groups.value.slice(-2);
    newest.forEach(show);
    const turns = newest.flatMap((group) => group.turns);
    const isShort = groups.value.length === newest.length && turns.length <= shortTurns;
    for (const { key } of turns.slice(isShort ? 0 : -newestTurns)) full.add(key);
    drawWhenIdle();
  }

  function show({ key }: Pick<TurnGroup, "key">): void {
    drawn.add(key);
    close.add(key);
  }

  function drawWhenIdle(): void {
    if (stopWaiting !== undefined || groups.value.every(({ key }) => drawn.has(key))) return;
    stopWaiting = onIdle(() => {
      stopWaiting = undefined;
      const missing = groups.value.filter(({ key }) => !drawn.has(key));
      for (const { key } of missing.slice(-groupsAtOnce)) drawn.add(key);
      drawWhenIdle();
    });
  }

  function look(beyondPx: number): View | null {
    if (scroller.value === null || content.value === null) return null;
    const { top, bottom } = scroller.value.getBoundingClientRect();
    const [from, to] = [top - beyondPx, bottom + beyondPx];
    const found = elementsBetween(content.value.getElementsByClassName("group"), from, to);
    const turns = found.flatMap(({ element }) => elementsBetween(element.getElementsByClassName("turn"), from, to));
    return { top, bottom, groups: found, turns };
  }

  async function followSelection(): Promise<void> {
    const root = scroller.value;
    if (root === null) return;
    const group = findSelectedTurn(root)?.closest(".group");
    // What is around it is laid out first: its place is not known before.
    for (const element of [group?.previousElementSibling, group, group?.nextElementSibling]) {
      if (element instanceof HTMLElement && element.classList.contains("group")) show({ key: keyOf(element) });
    }
    await nextTick();
    selected = bringSelection(root, selected);
    goOn();
  }

  const isMissing = ({ element }: Placed): boolean => !drawn.has(keyOf(element)) || !close.has(keyOf(element));
  const isFar = ({ element }: Placed): boolean => !full.has(keyOf(element));

  /** @returns whether there was anything. */
  async function drawSeen(): Promise<boolean> {
    const view = look(0);
    if (view === null) return false;
    // Who looks for words with the browser's own search is not in the page, and must not lose what was found.
    const far = document.hasFocus() ? view.turns.filter((turn) => isFar(turn) && !isSelected(turn)) : [];
    return drawThese(view, view.groups.filter(isMissing), far);
  }

  /** What may be seen next. @returns whether there was anything. */
  async function drawNext(): Promise<boolean> {
    const around = look(laidOutAheadPx);
    if (around === null) return false;
    const { top, bottom } = around;
    const distance = (turn: Placed): number => Math.max(top - turn.bottom, turn.top - bottom);
    const [nearest] = around.turns
      .filter((turn) => isFar(turn) && distance(turn) >= 0 && distance(turn) < fullAheadPx && !isSelected(turn))
      .toSorted((a, b) => distance(a) - distance(b));
    const view = { ...around, turns: around.turns.filter((turn) => distance(turn) < 0) };
    return drawThese(view, around.groups.filter(isMissing), nearest === undefined ? [] : [nearest]);
  }

  async function drawThese(view: View, missing: readonly Placed[], far: readonly Placed[]): Promise<boolean> {
    if (missing.length === 0 && far.length === 0) return false;
    const root = scroller.value;
    const anchor = isFollowing() ? null : toHeld(view);
    // Both would hold it twice.
    if (anchor !== null) root?.style.setProperty("overflow-anchor", "none");
    for (const { element } of missing) show({ key: keyOf(element) });
    for (const { element } of far) full.add(keyOf(element));
    await nextTick();
    if (root === null || anchor === null) return true;
    restoreAnchor(root, anchor);
    root.style.removeProperty("overflow-anchor");
    return true;
  }

  /** Most browsers hold what is at the top of the view themselves, and go on with a scroll that is under way. */
  function toHeld({ top, turns, groups: around }: View): Anchor | null {
    const chosen = turns.find(isSelected);
    if (chosen !== undefined || anchorsItself) return chosen === undefined ? null : toAnchor([chosen], top);
    const kept = turns.find((turn) => !isFar(turn));
    return toAnchor(kept === undefined ? [...turns, ...around] : [kept], top);
  }

  function putAway(): void {
    const kept = new Set(look(putAwayBeyondPx)?.groups.map(({ element }) => keyOf(element)));
    for (const key of close) if (!kept.has(key)) close.delete(key);
  }

  /** Before the next frame. */
  async function settle(): Promise<void> {
    if (isSettling) return;
    isSettling = true;
    while (await drawSeen());
    isSettling = false;
    goOn();
  }

  function goOn(): void {
    frame ??= requestAnimationFrame(() => {
      frame = undefined;
      void drawMore();
    });
  }

  /** As long as something is missing, a little of it with each frame. */
  async function drawMore(): Promise<void> {
    if ((await drawSeen()) || (await drawNext())) goOn();
    else putAway();
  }

  return {
    isDrawn: ({ key }) => drawn.has(key),
    isAway: ({ key }) => !close.has(key),
    isFull: (turnKey) => full.has(turnKey),
    async draw(turnKey) {
      const group = groups.value.find(({ turns }) => turns.some(({ key }) => key === turnKey));
      if (group === undefined) return;
      show(group);
      full.add(turnKey);
      await nextTick();
    },
  };
}

function isSelected({ element }: Placed): boolean {
  return isHeldBySelection(element);
}

function keyOf({ dataset }: HTMLElement): string {
  return dataset["turn"] ?? dataset["group"] ?? "";
}
