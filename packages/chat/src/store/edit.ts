/** A user message sent again under its own ID, as the AI SDK does to edit one -> what that means for a begin. Asked by begin.ts. */
import type { Transaction } from "kysely";
import type { ConversationRow, GenerationRow } from "./rows.ts";
import type { Schema } from "./schema.ts";

/** Which message is sent again. */
export interface Edit {
  /** The client's own ID of it, or ours. */
  messageId: string;
  /** The key that it was stored under, if it was stored as the client's. */
  key: string;
}

export type Edited =
  /** Nothing changed: the newest answer is the one to this very request. */
  | { type: "known"; generation: GenerationRow }
  /** The new message stands beside the old one, below the same parent. */
  | { type: "edited"; parentId: string | null }
  /** The server never had it: it is a message like any other. */
  | { type: "new" };

export async function findEdited(
  transaction: Transaction<Schema>,
  conversation: ConversationRow,
  { ownerId, requestHash, edit }: { ownerId: string; requestHash: string; edit: Edit },
): Promise<Edited> {
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
  const message = await transaction
    .selectFrom("messages")
    .select("parent_id")
    .where("id", "=", byKey?.parent_id ?? edit.messageId)
    .where("conversation_id", "=", conversation.id)
    .where("role", "=", "user")
    .executeTakeFirst();
  return message ? { type: "edited", parentId: message.parent_id } : { type: "new" };
}
