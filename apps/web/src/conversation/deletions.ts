/**
 * Deleting a conversation, and taking that back: what was deleted last, for as long as the page offers it. Made by
 * app-context.ts; UndoLine.vue shows it.
 */

import { ChatError } from "@typebar/chat-client";
import type { ChatErrorCode, ConversationSummary } from "@typebar/chat-client";
import { shallowRef } from "vue";
import type { ShallowRef } from "vue";
import type { ConversationList } from "./conversation-list.ts";

export interface Deletion {
  readonly id: string;
  readonly title: string;
  /** It was the one that is read: it is opened again when it is back. */
  readonly wasOpen: boolean;
  /** `kept`: the server did not delete it. `gone`: it did not bring it back. */
  readonly phase: "deleted" | "restoring" | "kept" | "gone";
  readonly cause: ChatErrorCode | null;
}

export interface Deletions {
  readonly last: Readonly<ShallowRef<Deletion | null>>;
  remove(conversation: Pick<ConversationSummary, "id" | "title">, wasOpen: boolean): Promise<void>;
  /** @returns the conversation, when it is back; `null` if there is nothing to take back, or it did not come. */
  undo(): Promise<Deletion | null>;
  /** Offers it no more. */
  forget(): void;
}

export function createDeletions(
  list: Pick<ConversationList, "remove" | "restore">,
  drop: (id: string) => void,
): Deletions {
  const last = shallowRef<Deletion | null>(null);
  /** The server has to have done it before it can take it back. */
  let deleted: Promise<void> = Promise.resolve();

  function show(deletion: Deletion, change: Pick<Deletion, "phase" | "cause">): void {
    if (last.value?.id === deletion.id) last.value = { ...deletion, ...change };
  }

  return {
    last,
    async remove({ id, title }, wasOpen) {
      const deletion: Deletion = { id, title, wasOpen, phase: "deleted", cause: null };
      last.value = deletion;
      drop(id);
      deleted = list.remove(id);
      try {
        await deleted;
      } catch (error) {
        show(deletion, { phase: "kept", cause: codeOf(error) });
      }
    },
    async undo() {
      const deletion = last.value;
      if (deletion === null || deletion.phase === "restoring" || deletion.phase === "kept") return null;
      show(deletion, { phase: "restoring", cause: null });
      try {
        await deleted;
        await list.restore(deletion.id);
      } catch (error) {
        show(deletion, { phase: "gone", cause: codeOf(error) });
        return null;
      }
      if (last.value?.id === deletion.id) last.value = null;
      return deletion;
    },
    forget() {
      last.value = null;
    },
  };
}

function codeOf(error: unknown): ChatErrorCode {
  return error instanceof ChatError ? error.code : "internal";
}
