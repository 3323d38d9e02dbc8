/**
 * Searching in all conversations while the reader types. One question is on its way at a time; what was typed meanwhile
 * is asked when it is back, so neither a pause is waited for nor a last letter lost. Made by SearchBox.vue.
 */

import type { ChatClient, SearchResult } from "@typebar/chat-client";
import { shallowReactive } from "vue";

export interface SearchState {
  /** `asking`: there is nothing to show yet. */
  phase: "idle" | "asking" | "found" | "failed";
  results: readonly SearchResult[];
}

export interface Search {
  readonly state: SearchState;
  /** What the field holds now. */
  set(text: string): void;
  /** After a failure. */
  retry(): void;
}

export function createSearch(search: ChatClient["searchConversations"]): Search {
  const state: SearchState = shallowReactive({ phase: "idle", results: [] });
  let wanted = "";
  let asking = false;

  async function ask(): Promise<void> {
    if (asking || wanted === "") return;
    asking = true;
    const question = wanted;
    try {
      const { results } = await search(question);
      show("found", results);
    } catch {
      show("failed", []);
    }
    asking = false;
    if (wanted !== question) await ask();
  }

  function show(phase: "found" | "failed", results: readonly SearchResult[]): void {
    if (wanted === "") return;
    state.results = results;
    state.phase = phase;
  }

  return {
    state,
    set(text) {
      wanted = text.trim();
      if (wanted === "") {
        state.phase = "idle";
        state.results = [];
        return;
      }
      if (state.phase === "idle") state.phase = "asking";
      void ask();
    },
    retry() {
      state.phase = "asking";
      void ask();
    },
  };
}

export interface SnippetPart {
  text: string;
  /** It was looked for. */
  marked: boolean;
}

/** Pure. */
export function snippetParts({ snippet, matches }: Pick<SearchResult, "snippet" | "matches">): SnippetPart[] {
  const parts: SnippetPart[] = [];
  let at = 0;
  for (const [from, to] of matches) {
    if (from > at) parts.push({ text: snippet.slice(at, from), marked: false });
    parts.push({ text: snippet.slice(from, to), marked: true });
    at = to;
  }
  if (at < snippet.length) parts.push({ text: snippet.slice(at), marked: false });
  return parts;
}
