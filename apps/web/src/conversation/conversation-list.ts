/** The list of conversations, pinned ones first, then newest first, page by page. Made by app-context.ts, shown by components/ConversationList.vue. */

import { shallowReactive } from "vue";
import type { ChatClient, ConversationPage, ConversationSummary } from "@typebar/chat-client";

export interface ConversationListState {
  items: readonly ConversationSummary[];
  phase: "idle" | "loading" | "failed";
  /** There are older ones. */
  more: boolean;
}

export interface ConversationList {
  readonly state: ConversationListState;
  /** Reads the next page of older ones. */
  loadMore(): Promise<void>;
  /** Reads the first page again: something has begun or changed. */
  refresh(): Promise<void>;
  rename(id: string, title: string): Promise<void>;
  pin(id: string, pinned: boolean): Promise<void>;
  /** Gone from the list at once; back in it if the server does not do it. */
  remove(id: string): Promise<void>;
  /** Brings a deleted one back. */
  restore(id: string): Promise<void>;
  /** Shows what is so now: it was told, not asked for. */
  put(conversation: ConversationSummary): void;
  /** @returns whether it was not removed here. */
  drop(id: string): boolean;
}

/** What it asks of the server. */
export type ConversationEndpoints = Pick<
  ChatClient,
  "listConversations" | "changeConversation" | "deleteConversation" | "restoreConversation"
>;

export function createConversationList(server: ConversationEndpoints): ConversationList {
  const state: ConversationListState = shallowReactive({ items: [], phase: "idle", more: true });
  let cursor: string | null = null;
  let stale = false;
  /** On their way out: what was read before must not bring them back. */
  const leaving = new Set<string>();

  let reading: Promise<void> = Promise.resolve();

  function load(from: string | null): Promise<void> {
    reading = read(from);
    return reading;
  }

  async function read(from: string | null): Promise<void> {
    if (state.phase === "loading") {
      // What is on its way may have been read before the change that this call is about.
      stale ||= from === null;
      return;
    }
    state.phase = "loading";
    stale = false;
    try {
      const page = await server.listConversations(from);
      const known = from === null ? withoutDeleted(state.items, page) : state.items;
      state.items = merged(known, page.conversations).filter(({ id }) => !leaving.has(id));
      // The first page read again says nothing of how far the list reaches.
      if (from === cursor) {
        cursor = page.nextCursor;
        state.more = page.nextCursor !== null;
      }
      state.phase = "idle";
    } catch {
      state.phase = "failed";
    }
    if (stale) await read(null);
  }

  function put(conversation: ConversationSummary): void {
    if (!leaving.has(conversation.id)) state.items = merged(state.items, [conversation]);
    stale ||= state.phase === "loading";
  }

  function drop(id: string): boolean {
    state.items = state.items.filter((item) => item.id !== id);
    stale ||= state.phase === "loading";
    return !leaving.has(id);
  }

  /** Shown at once; as before where the server does not do it. */
  async function change(id: string, patch: { title: string } | { pinned: boolean }): Promise<void> {
    const before = state.items.find((item) => item.id === id);
    if (before !== undefined) put({ ...before, ...patch });
    try {
      put(await server.changeConversation(id, patch));
    } catch (error) {
      if (before !== undefined) put(before);
      throw error;
    }
  }

  return {
    state,
    loadMore: () => (state.more ? load(cursor) : Promise.resolve()),
    refresh: () => load(null),
    rename: (id, title) => change(id, { title }),
    pin: (id, pinned) => change(id, { pinned }),
    async remove(id) {
      const before = state.items.find((item) => item.id === id);
      leaving.add(id);
      drop(id);
      try {
        await server.deleteConversation(id);
        // What is being read may have been read before.
        await reading;
        leaving.delete(id);
      } catch (error) {
        leaving.delete(id);
        if (before !== undefined) put(before);
        throw error;
      }
    },
    async restore(id) {
      put(await server.restoreConversation(id));
    },
    put,
    drop,
  };
}

/** Those that would stand on the first page, but do not. */
function withoutDeleted(known: readonly ConversationSummary[], first: ConversationPage): ConversationSummary[] {
  const last = first.nextCursor === null ? undefined : first.conversations.at(-1);
  return last === undefined ? [] : known.filter((item) => inOrder(last, item) <= 0);
}

function merged(known: readonly ConversationSummary[], read: readonly ConversationSummary[]): ConversationSummary[] {
  const byId = new Map([...known, ...read].map((item) => [item.id, item]));
  return [...byId.values()].sort(inOrder);
}

/** As the server orders them. */
function inOrder(a: ConversationSummary, b: ConversationSummary): number {
  if (a.pinned !== b.pinned) return a.pinned ? -1 : 1;
  return b.updatedAt.localeCompare(a.updatedAt);
}

export type Group = "pinned" | "today" | "yesterday" | "week" | "older";

/** Groups for headings: what is pinned, then the reader's own days. Pure. */
export function groupByDay(
  items: readonly ConversationSummary[],
  nowMs: number,
): { group: Group; items: ConversationSummary[] }[] {
  const groups: { group: Group; items: ConversationSummary[] }[] = [];
  for (const item of items) {
    const group = item.pinned ? "pinned" : dayOf(item.updatedAt, nowMs);
    const last = groups.at(-1);
    if (last?.group === group) last.items.push(item);
    else groups.push({ group, items: [item] });
  }
  return groups;
}

function dayOf(time: string, nowMs: number): Group {
  const midnight = new Date(nowMs).setHours(0, 0, 0, 0);
  const atMs = Date.parse(time);
  if (atMs >= midnight) return "today";
  if (atMs >= new Date(midnight).setDate(new Date(midnight).getDate() - 1)) return "yesterday";
  return atMs >= new Date(midnight).setDate(new Date(midnight).getDate() - 7) ? "week" : "older";
}
