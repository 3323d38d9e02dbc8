/**
 * The conversations that are open on this page, so that an answer goes on while the reader looks at another one.
 * Made by app.ts, asked by components/ChatPage.vue.
 */

import type { Api } from "../api/api.ts";
import type { WireLog } from "../wire/wire-log.ts";
import { createThread } from "./thread.ts";
import type { Thread } from "./thread.ts";

export interface Threads {
  /** The conversation of that ID, or with null the one that is about to begin. */
  open(id: string | null): Thread;
  /** Lets a deleted conversation go. */
  drop(id: string): void;
  /** Whether an answer is on its way in it. */
  isBusy(id: string): boolean;
}

export interface ThreadsOptions {
  api: Api;
  wire: WireLog;
  now(): number;
  randomKey(): string;
  onChanged(thread: Thread): void;
  onUnauthorized(): void;
}

export function createThreads(options: ThreadsOptions): Threads {
  const open = new Set<Thread>();

  function find(id: string | null): Thread | undefined {
    return [...open].find((thread) => thread.state.id === id);
  }

  function make(id: string | null): Thread {
    const thread = createThread({ ...options, id, key: options.randomKey() });
    open.add(thread);
    return thread;
  }

  return {
    open: (id) => find(id) ?? make(id),
    drop(id) {
      const thread = find(id);
      if (thread === undefined) return;
      thread.close();
      open.delete(thread);
    },
    isBusy: (id) => find(id)?.state.busy === true,
  };
}
