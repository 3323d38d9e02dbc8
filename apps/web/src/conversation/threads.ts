/**
 * The conversations that are open on this page, so that an answer goes on while the reader looks at another one.
 * Made by app-context.ts, asked by components/ChatPage.vue.
 */

import { createChat } from "@typebar/chat-client";
import type { ChatClient } from "@typebar/chat-client";
import { useChat } from "@typebar/chat-client/vue";
import type { UseChat } from "@typebar/chat-client/vue";
import { until } from "@vueuse/core";
import { effectScope, shallowReactive, watch } from "vue";

export interface Thread extends UseChat {
  /** Names it on this page: a conversation that begins has no ID yet. */
  readonly key: string;
}

export interface Threads {
  /** The conversation of that ID, or with null the one that is about to begin. From now on it is the one that is shown. */
  open(id: string | null): Thread;
  /** The one that was opened last. */
  shown(): Thread | null;
  /** Reads it again if it is shown, now or when what is being read of it has ended: it was changed elsewhere. */
  refresh(id: string): void;
  /** Resolves when the first reading of it is over, however it went. */
  untilRead(thread: Thread): Promise<void>;
  /** Whether an answer runs in it, asked for here or elsewhere. */
  setRunning(id: string, isRunning: boolean): void;
  /** What was said of that may no longer be so. */
  forgetRunning(): void;
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
  /** Conversations that are answered, as the server says. */
  const running = shallowReactive(new Set<string>());
  /** To be read again as soon as that can be done. */
  const due = new Set<Thread>();
  const reading = new Set<Thread>();
  let shown: Thread | null = null;
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
    scope.run(() => watch([() => thread.state.busy, () => thread.state.phase], () => void refreshDue(thread)));
    open.set(thread, () => {
      scope.stop();
      chat.close();
    });
    return thread;
  }

  /** One reading at a time: the answers to two could come in the wrong order. */
  async function refreshDue(thread: Thread): Promise<void> {
    if (reading.has(thread)) return;
    reading.add(thread);
    while (due.has(thread) && !thread.state.busy && thread.state.phase === "ready") {
      due.delete(thread);
      await thread.refresh();
    }
    reading.delete(thread);
  }

  return {
    open(id) {
      const before = shown;
      shown = find(id) ?? make(id);
      if (before !== shown) before?.setInView(false);
      shown.setInView(true);
      return shown;
    },
    shown: () => shown,
    refresh(id) {
      const thread = find(id);
      if (thread === undefined || thread !== shown) return;
      due.add(thread);
      void refreshDue(thread);
    },
    async untilRead(thread) {
      await until(() => thread.state.phase).not.toBe("loading");
    },
    setRunning(id, isRunning) {
      if (isRunning) running.add(id);
      else running.delete(id);
    },
    forgetRunning: () => running.clear(),
    drop(id) {
      const thread = find(id);
      if (thread === undefined) return;
      open.get(thread)?.();
      open.delete(thread);
      due.delete(thread);
      if (shown === thread) shown = null;
    },
    isBusy: (id) => running.has(id) || find(id)?.state.busy === true,
  };
}
