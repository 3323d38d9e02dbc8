/** A user message that is sent again, perhaps with another text -> what that means for a begin. Asked by begin.ts. */
import type { Transaction } from "kysely";
import type { ConversationRow, GenerationRow } from "./rows.ts";
import type { Schema } from "./schema.ts";

/** Which message is sent again. */
export interface Edit {
  /** The client's own ID of it, or ours. */
  messageId: string;
  /** Of the AI SDK's messages: the key that it was stored under, if it was stored as the client's. Without it the ID is ours. */
  key: string | undefined;
}

export type Edited =
  /** Nothing changed: the newest answer is the one to this very request. */
  | { type: "known"; generation: GenerationRow }
  /** The new message stands beside the old one, below the same parent. */
  | { type: "edited"; parentId: string | null }
  /** The server never had it: it is a message like any other. */
  | { type: "new" }
  /** Only our own ID was given, and there is no such message. */
  | { type: "not-found" };

export async function findEdited(
  transaction: Transaction<Schema>,
  conversation: ConversationRow,
  { ownerId, requestHash, edit }: { ownerId: string; requestHash: string; edit: Edit },
): Promise<Edited> {
  if (edit.key === undefined) {
    const message = await findQuestion(transaction, conversation.id, edit.messageId);
    return message ? { type: "edited", parentId: message.parent_id } : { type: "not-found" };
  }
  const newest = await transaction
    .selectFrom("generations")
    .selectAll()
    .where("message_id", "=", conversation.head_message_id)
    .executeTakeFirst();
  if (newest?.request_hash === requestHash) return { type: "known", generation: newest };
  const byKey = await transaction
    .selectFrom("generation_keys")
    .innerJoin("generations", "generations.id", "generation_keys.generation_id")
    .innerJoin("messages", "messages.id", "generations.message_id")
    .select("messages.parent_id")
    .where("generation_keys.owner_id", "=", ownerId)
    .where("generation_keys.key", "=", edit.key)
    .executeTakeFirst();
  const message = await findQuestion(transaction, conversation.id, byKey?.parent_id ?? edit.messageId);
  return message ? { type: "edited", parentId: message.parent_id } : { type: "new" };
}

async function findQuestion(
  transaction: Transaction<Schema>,
  conversationId: string,
  id: string,
): Promise<{ parent_id: string | null } | undefined> {
  return transaction
    .selectFrom("messages")
    .select("parent_id")
    .where("id", "=", id)
    .where("conversation_id", "=", conversationId)
    .where("role", "=", "user")
    .executeTakeFirst();
}
