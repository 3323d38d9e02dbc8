/**
 * The conversations that are open on this page, so that an answer goes on while the reader looks at another one.
 * Made by app-context.ts, asked by components/ChatPage.vue.
 */

import { createChat } from "@typebar/chat-client";
import type { ChatClient } from "@typebar/chat-client";
import { useChat } from "@typebar/chat-client/vue";
import type { UseChat } from "@typebar/chat-client/vue";
import { effectScope } from "vue";

export interface Thread extends UseChat {
  /** Names it on this page: a conversation that begins has no ID yet. */
  readonly key: string;
}

export interface Threads {
  /** The conversation of that ID, or with null the one that is about to begin. */
  open(id: string | null): Thread;
  /** Lets a deleted conversation go. */
  drop(id: string): void;
  /** Whether an answer is on its way in it. */
  isBusy(id: string): boolean;
}

export interface ThreadsOptions {
  client: ChatClient;
  /** A conversation has begun, or its answer has ended: the list may have changed. */
  onChanged(): void;
}

export function createThreads({ client, onChanged }: ThreadsOptions): Threads {
  const open = new Map<Thread, () => void>();
  let made = 0;

  function find(id: string | null): Thread | undefined {
    return [...open.keys()].find((thread) => thread.state.conversationId === id);
  }

  /** In a scope of its own, as it outlives the component that asked for it. */
  function make(conversationId: string | null): Thread {
    const scope = effectScope(true);
    const chat = createChat({ client, conversationId, onChanged });
    made += 1;
    const thread: Thread = { key: String(made), ...scope.run(() => useChat({ chat }))! };
    open.set(thread, () => {
      scope.stop();
      chat.close();
    });
    return thread;
  }

  return {
    open: (id) => find(id) ?? make(id),
    drop(id) {
      const thread = find(id);
      if (thread === undefined) return;
      open.get(thread)?.();
      open.delete(thread);
    },
    isBusy: (id) => find(id)?.state.busy === true,
  };
}
