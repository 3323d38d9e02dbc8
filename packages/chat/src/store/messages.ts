/** Queries of single messages: read one, choose the branch that is shown, remove one with all below it. Called by routes/messages and routes/conversations. */
import type { Kysely, Transaction } from "kysely";
import type { ConversationSummary, Message } from "../protocol.ts";
import { attachmentIdsOf, releaseAttachments } from "./attachments.ts";
import { findBelow, findHeadWithout, findNewestLeaf, findSiblings, type Place } from "./branches.ts";
import type { StoreContext } from "./context.ts";
import { lockConversation } from "./lock.ts";
import { toMessage, toParts, toSummary, unfinishedStates } from "./rows.ts";
import type { Schema } from "./schema.ts";

export type ChooseResult =
  | { type: "chosen"; conversation: ConversationSummary }
  | { type: "not-found" }
  | { type: "busy"; generationId: string };

export type RemoveResult =
  /** By the generations' IDs their logs go. */
  | { type: "removed"; conversation: ConversationSummary; generationIds: string[] }
  | { type: "not-found" }
  | { type: "busy"; generationId: string };

export interface MessageStore {
  find(ownerId: string, conversationId: string, id: string): Promise<Message | undefined>;
  /** Shows the newest branch that holds the message. */
  choose(ownerId: string, conversationId: string, id: string): Promise<ChooseResult>;
  /** The generations of a message and of all below it. */
  generationIds(ownerId: string, conversationId: string, id: string): Promise<string[]>;
  /** Removes a message with all that follows from it, but for the logs. */
  remove(ownerId: string, conversationId: string, id: string): Promise<RemoveResult>;
}

type Queries = Kysely<Schema> | Transaction<Schema>;

/** Fewer than either database takes parameters. */
const mostIdsAtOnce = 500;

export function createMessageStore({ database, changes }: StoreContext): MessageStore {
  return {
    async find(ownerId, conversationId, id) {
      const row = await database
        .selectFrom("messages")
        .innerJoin("conversations", "conversations.id", "messages.conversation_id")
        .selectAll("messages")
        .where("messages.id", "=", id)
        .where("messages.conversation_id", "=", conversationId)
        .where("conversations.owner_id", "=", ownerId)
        .where("conversations.deleted_at_ms", "is", null)
        .executeTakeFirst();
      if (!row) return undefined;
      const generation =
        row.generation_id === null
          ? undefined
          : await database.selectFrom("generations").selectAll().where("id", "=", row.generation_id).executeTakeFirst();
      return toMessage(row, generation, findSiblings(await readPlaces(database, conversationId)).get(id));
    },

    async choose(ownerId, conversationId, id) {
      const result = await database.transaction().execute(async (transaction): Promise<ChooseResult> => {
        const conversation = await lockConversation(transaction, ownerId, conversationId);
        if (!conversation) return { type: "not-found" };
        const headId = findNewestLeaf(await readPlaces(transaction, conversationId), id);
        if (headId === undefined) return { type: "not-found" };
        const generationId = await findRunning(transaction, conversationId);
        if (generationId !== undefined) return { type: "busy", generationId };
        await setHead(transaction, conversationId, headId);
        return { type: "chosen", conversation: toSummary(conversation) };
      });
      if (result.type === "chosen") changes.conversation(ownerId, conversationId);
      return result;
    },

    async generationIds(ownerId, conversationId, id) {
      const owned = await database
        .selectFrom("conversations")
        .select("id")
        .where("id", "=", conversationId)
        .where("owner_id", "=", ownerId)
        .where("deleted_at_ms", "is", null)
        .executeTakeFirst();
      if (!owned) return [];
      const places = await readPlaces(database, conversationId);
      return findBelow(places, id).flatMap((message) => message.generation_id ?? []);
    },

    async remove(ownerId, conversationId, id) {
      const result = await database.transaction().execute(async (transaction): Promise<RemoveResult> => {
        const conversation = await lockConversation(transaction, ownerId, conversationId);
        if (!conversation) return { type: "not-found" };
        const places = await readPlaces(transaction, conversationId);
        const removed = findBelow(places, id);
        if (removed.length === 0) return { type: "not-found" };
        const generationId = await findRunning(transaction, conversationId);
        if (generationId !== undefined) return { type: "busy", generationId };
        // What is shown stays as it is, unless it was removed.
        const isShown = removed.some((message) => message.id === conversation.head_message_id);
        if (isShown) await setHead(transaction, conversationId, findHeadWithout(places, id));
        const fileIds: string[] = [];
        for (let from = 0; from < removed.length; from += mostIdsAtOnce) {
          const ids = removed.slice(from, from + mostIdsAtOnce).map((message) => message.id);
          await transaction.deleteFrom("generations").where("message_id", "in", ids).execute();
          const gone = await transaction.deleteFrom("messages").where("id", "in", ids).returning("parts").execute();
          fileIds.push(...gone.flatMap(({ parts }) => attachmentIdsOf(toParts(parts))));
        }
        await releaseAttachments(transaction, conversationId, fileIds);
        const generationIds = removed.flatMap((message) => message.generation_id ?? []);
        return { type: "removed", conversation: toSummary(conversation), generationIds };
      });
      if (result.type === "removed") changes.conversation(ownerId, conversationId);
      return result;
    },
  };
}

async function readPlaces(
  queries: Queries,
  conversationId: string,
): Promise<(Place & { generation_id: string | null })[]> {
  return queries
    .selectFrom("messages")
    .select(["id", "parent_id", "role", "generation_id", "created_at_ms"])
    .where("conversation_id", "=", conversationId)
    .execute();
}

async function findRunning(transaction: Transaction<Schema>, conversationId: string): Promise<string | undefined> {
  const row = await transaction
    .selectFrom("generations")
    .select("id")
    .where("conversation_id", "=", conversationId)
    .where("state", "in", unfinishedStates)
    .executeTakeFirst();
  return row?.id;
}

async function setHead(transaction: Transaction<Schema>, id: string, headId: string | null): Promise<void> {
  await transaction.updateTable("conversations").set({ head_message_id: headId }).where("id", "=", id).execute();
}
