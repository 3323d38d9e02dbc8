/**
 * What was done to conversations, here or elsewhere -> the list and what is open. The server tells all of it to all tabs and
 * devices of the owner; a page that did it itself has most of it already. Made by app-context.ts, called by page/news.ts.
 */

import type { ConversationChange } from "@typebar/chat-client";
import type { ConversationList } from "./conversation-list.ts";
import type { Threads } from "./threads.ts";

export interface Changes {
  apply(change: ConversationChange): void;
  remove(id: string): void;
  /** Something may have been missed. */
  catchUp(): Promise<void>;
}

export interface ChangesOptions {
  conversations: Pick<ConversationList, "put" | "drop" | "refresh" | "state">;
  threads: Pick<Threads, "shown" | "refresh" | "setRunning" | "forgetRunning" | "untilRead">;
}

export function createChanges({ conversations, threads }: ChangesOptions): Changes {
  const last = new Map<string, ConversationChange>();

  return {
    apply(change) {
      const { conversation, generationId } = change;
      const before = last.get(conversation.id);
      last.set(conversation.id, change);
      conversations.put(conversation);
      threads.setRunning(conversation.id, generationId !== null);
      const thread = threads.shown();
      if (thread?.state.conversationId !== conversation.id) return;
      const { answer } = thread.state.messages.findLast((message) => message.role === "assistant") ?? {};
      const { busy } = thread.state;
      // One that broke off is not as it is at the server.
      const newest = answer?.closed === true || busy ? (answer?.generationId ?? null) : null;
      if (isOfMessages(before, change, { busy, newest })) threads.refresh(conversation.id);
    },
    remove(id) {
      last.delete(id);
      threads.setRunning(id, false);
      if (conversations.drop(id)) threads.refresh(id);
    },
    async catchUp() {
      threads.forgetRunning();
      const thread = threads.shown();
      await Promise.all([conversations.refresh(), thread && threads.untilRead(thread)]);
      const id = thread?.state.conversationId ?? null;
      if (thread === null || id === null) return;
      const known = conversations.state.items.find((item) => item.id === id);
      if (known?.updatedAt !== thread.state.updatedAt) threads.refresh(id);
    },
  };
}

/** Whether the messages may be others than those that are shown. Pure. */
export function isOfMessages(
  before: ConversationChange | undefined,
  { conversation, generationId }: ConversationChange,
  /** `newest` is the generation of the last answer there, `null` if there is none or its name is not known yet. */
  shown: { busy: boolean; newest: string | null },
): boolean {
  // Somebody has asked again already, while the end of an answer is still being read.
  if (shown.busy) return generationId !== null && shown.newest !== null && generationId !== shown.newest;
  if (generationId !== null) return generationId !== shown.newest;
  if (before === undefined) return true;
  if (before.generationId !== null) return before.generationId !== shown.newest;
  const { title, pinned, updatedAt } = before.conversation;
  const isOther = title !== conversation.title || pinned !== conversation.pinned;
  return updatedAt !== conversation.updatedAt || !isOther;
}
