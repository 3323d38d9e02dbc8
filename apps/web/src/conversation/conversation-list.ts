/** The list of conversations, newest first, page by page. Made by app-context.ts, shown by components/ConversationList.vue. */

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
  remove(id: string): Promise<void>;
}

/** What it asks of the server. */
export type ConversationEndpoints = Pick<ChatClient, "listConversations" | "renameConversation" | "deleteConversation">;

export function createConversationList(server: ConversationEndpoints): ConversationList {
  const state: ConversationListState = shallowReactive({ items: [], phase: "idle", more: true });
  let cursor: string | null = null;
  let stale = false;

  async function load(from: string | null): Promise<void> {
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
      state.items = merged(known, page.conversations);
      // The first page read again says nothing of how far the list reaches.
      if (from === cursor) {
        cursor = page.nextCursor;
        state.more = page.nextCursor !== null;
      }
      state.phase = "idle";
    } catch {
      state.phase = "failed";
    }
    if (stale) await load(null);
  }

  function replace(id: string, change: Partial<ConversationSummary>): void {
    state.items = state.items.map((item) => (item.id === id ? { ...item, ...change } : item));
  }

  return {
    state,
    loadMore: () => (state.more ? load(cursor) : Promise.resolve()),
    refresh: () => load(null),
    async rename(id, title) {
      const before = state.items.find((item) => item.id === id);
      replace(id, { title });
      try {
        replace(id, await server.renameConversation(id, title));
      } catch (error) {
        if (before !== undefined) replace(id, before);
        throw error;
      }
    },
    async remove(id) {
      await server.deleteConversation(id);
      state.items = state.items.filter((item) => item.id !== id);
    },
  };
}

/** Those that would stand on the first page, but do not. */
function withoutDeleted(known: readonly ConversationSummary[], first: ConversationPage): ConversationSummary[] {
  const oldest = first.nextCursor === null ? "" : (first.conversations.at(-1)?.updatedAt ?? "");
  return known.filter(({ updatedAt }) => updatedAt <= oldest);
}

function merged(known: readonly ConversationSummary[], read: readonly ConversationSummary[]): ConversationSummary[] {
  const byId = new Map([...known, ...read].map((item) => [item.id, item]));
  return [...byId.values()].sort((a, b) => b.updatedAt.localeCompare(a.updatedAt));
}

export type Day = "today" | "yesterday" | "week" | "older";

/** Groups for headings, in the reader's own days. Pure. */
export function groupByDay(
  items: readonly ConversationSummary[],
  nowMs: number,
): { day: Day; items: ConversationSummary[] }[] {
  const groups: { day: Day; items: ConversationSummary[] }[] = [];
  for (const item of items) {
    const day = dayOf(item.updatedAt, nowMs);
    const last = groups.at(-1);
    if (last?.day === day) last.items.push(item);
    else groups.push({ day, items: [item] });
  }
  return groups;
}

function dayOf(time: string, nowMs: number): Day {
  const midnight = new Date(nowMs).setHours(0, 0, 0, 0);
  const atMs = Date.parse(time);
  if (atMs >= midnight) return "today";
  if (atMs >= new Date(midnight).setDate(new Date(midnight).getDate() - 1)) return "yesterday";
  return atMs >= new Date(midnight).setDate(new Date(midnight).getDate() - 7) ? "week" : "older";
}
