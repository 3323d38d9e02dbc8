/** One change of a conversation's messages at a time, on any database. Called by begin.ts and messages.ts. */
import type { Transaction } from "kysely";
import type { ConversationRow } from "./rows.ts";
import type { Schema } from "./schema.ts";

/**
 * The conversation as it is now, for as long as the transaction lasts: another that wants it waits. An update that changes nothing
 * locks the row on PostgreSQL; on SQLite only one transaction writes anyway.
 */
export async function lockConversation(
  transaction: Transaction<Schema>,
  ownerId: string,
  id: string,
): Promise<ConversationRow | undefined> {
  return transaction
    .updateTable("conversations")
    .set(({ ref }) => ({ head_message_id: ref("head_message_id") }))
    .where("id", "=", id)
    .where("owner_id", "=", ownerId)
    .where("hidden", "=", 0)
    .where("deleted_at_ms", "is", null)
    .returningAll()
    .executeTakeFirst();
}
