/** Queries of conversations and their messages. Called by routes/conversations and by store/begin. */
import type { Kysely, Transaction } from "kysely";
import { createId } from "../ids.ts";
import type { Conversation, ConversationPage, ConversationSummary } from "../protocol.ts";
import { branchOf, findSiblings } from "./branches.ts";
import { type ConversationRow, toMessage, toSummary, unfinishedStates } from "./rows.ts";
import type { Schema } from "./schema.ts";

type Queries = Kysely<Schema> | Transaction<Schema>;

export interface ConversationStore {
  create(ownerId: string, title: string): Promise<ConversationSummary>;
  /** Newest first, without hidden ones. `undefined` when the cursor is not one of ours. */
  list(ownerId: string, page: { limit: number; cursor?: string }): Promise<ConversationPage | undefined>;
  read(ownerId: string, id: string): Promise<Conversation | undefined>;
  rename(ownerId: string, id: string, title: string): Promise<ConversationSummary | undefined>;
  /** The generations of a conversation, by whose IDs their logs go. */
  generationIds(ownerId: string, id: string): Promise<string[]>;
  /** Deletes it with all that belongs to it, but for the logs. Returns whether there was one. */
  remove(ownerId: string, id: string): Promise<boolean>;
}

export function createConversationStore(database: Kysely<Schema>, now: () => number): ConversationStore {
  return {
    async create(ownerId, title) {
      return toSummary(
        await insertConversation(database, { ownerId, id: createId(), title, hidden: false, nowMs: now() }),
      );
    },

    async list(ownerId, { limit, cursor }) {
      const after = cursor === undefined ? undefined : parseCursor(cursor);
      if (cursor !== undefined && !after) return undefined;
      let query = database
        .selectFrom("conversations")
        .selectAll()
        .where("owner_id", "=", ownerId)
        .where("hidden", "=", 0);
      if (after) {
        query = query.where(({ eb, or, and }) =>
          or([
            eb("updated_at_ms", "<", after.updatedAtMs),
            and([eb("updated_at_ms", "=", after.updatedAtMs), eb("id", "<", after.id)]),
          ]),
        );
      }
      const rows = await query
        .orderBy("updated_at_ms", "desc")
        .orderBy("id", "desc")
        .limit(limit + 1)
        .execute();
      const last = rows.length > limit ? rows[limit - 1] : undefined;
      return { conversations: rows.slice(0, limit).map(toSummary), nextCursor: last ? toCursor(last) : null };
    },

    async read(ownerId, id) {
      const row = await findConversation(database, ownerId, id);
      if (!row) return undefined;
      // In this order: an answer that ends in between is shown as running, and followed; never as ended and empty.
      const generations = await database
        .selectFrom("generations")
        .selectAll()
        .where("conversation_id", "=", id)
        .execute();
      const messages = await database.selectFrom("messages").selectAll().where("conversation_id", "=", id).execute();
      const byId = new Map(generations.map((generation) => [generation.id, generation]));
      const siblings = findSiblings(messages);
      const unfinished = generations.find(({ state }) => unfinishedStates.includes(state));
      return {
        ...toSummary(row),
        messages: branchOf(messages, row.head_message_id).map((message) =>
          toMessage(
            message,
            message.generation_id === null ? undefined : byId.get(message.generation_id),
            siblings.get(message.id),
          ),
        ),
        generationId: unfinished?.id ?? null,
      };
    },

    async rename(ownerId, id, title) {
      const row = await database
        .updateTable("conversations")
        .set({ title })
        .where("id", "=", id)
        .where("owner_id", "=", ownerId)
        .returningAll()
        .executeTakeFirst();
      return row && toSummary(row);
    },

    async generationIds(ownerId, id) {
      const rows = await database
        .selectFrom("generations")
        .select("id")
        .where("conversation_id", "=", id)
        .where("owner_id", "=", ownerId)
        .execute();
      return rows.map((row) => row.id);
    },

    async remove(ownerId, id) {
      const row = await database
        .deleteFrom("conversations")
        .where("id", "=", id)
        .where("owner_id", "=", ownerId)
        .returning("id")
        .executeTakeFirst();
      return row !== undefined;
    },
  };
}

async function findConversation(queries: Queries, ownerId: string, id: string): Promise<ConversationRow | undefined> {
  return queries
    .selectFrom("conversations")
    .selectAll()
    .where("id", "=", id)
    .where("owner_id", "=", ownerId)
    .executeTakeFirst();
}

interface NewConversation {
  ownerId: string;
  id: string;
  title: string;
  hidden: boolean;
  nowMs: number;
}

export async function insertConversation(
  queries: Queries,
  { ownerId, id, title, hidden, nowMs }: NewConversation,
): Promise<ConversationRow> {
  return queries
    .insertInto("conversations")
    .values({
      id,
      owner_id: ownerId,
      title,
      hidden: hidden ? 1 : 0,
      created_at_ms: nowMs,
      updated_at_ms: nowMs,
    })
    .returningAll()
    .executeTakeFirstOrThrow();
}

function toCursor(row: ConversationRow): string {
  return Buffer.from(`${Number(row.updated_at_ms)}:${row.id}`).toString("base64url");
}

function parseCursor(cursor: string): { updatedAtMs: number; id: string } | undefined {
  const match = /^(\d{1,15}):([A-Za-z0-9_-]{1,64})$/.exec(Buffer.from(cursor, "base64url").toString());
  return match?.[2] === undefined ? undefined : { updatedAtMs: Number(match[1]), id: match[2] };
}
