/** Queries of conversations and their messages. Called by routes/conversations and by store/begin. */
import type { Kysely, Transaction } from "kysely";
import { createId } from "../ids.ts";
import type { Conversation, ConversationPage, ConversationPatch, ConversationSummary } from "../protocol.ts";
import { branchOf, findSiblings } from "./branches.ts";
import type { StoreContext } from "./context.ts";
import { type ConversationRow, toMessage, toSummary, unfinishedStates } from "./rows.ts";
import type { Schema } from "./schema.ts";
import { indexTitle } from "./search/index-texts.ts";

type Queries = Kysely<Schema> | Transaction<Schema>;

export interface ConversationStore {
  create(ownerId: string, title: string): Promise<ConversationSummary>;
  /** Pinned ones first, then newest first; without hidden ones. `undefined` when the cursor is not one of ours. */
  list(ownerId: string, page: { limit: number; cursor?: string }): Promise<ConversationPage | undefined>;
  read(ownerId: string, id: string): Promise<Conversation | undefined>;
  change(
    ownerId: string,
    id: string,
    patch: Omit<ConversationPatch, "messageId">,
  ): Promise<ConversationSummary | undefined>;
}

export function createConversationStore({ database, now, changes }: StoreContext): ConversationStore {
  return {
    async create(ownerId, title) {
      const named = title !== "";
      const id = createId();
      const row = await database
        .transaction()
        .execute((transaction) =>
          insertConversation(transaction, { ownerId, id, title, named, hidden: false, nowMs: now() }),
        );
      changes.conversation(ownerId, row.id);
      return toSummary(row);
    },

    async list(ownerId, { limit, cursor }) {
      const after = cursor === undefined ? undefined : parseCursor(cursor);
      if (cursor !== undefined && !after) return undefined;
      let query = database
        .selectFrom("conversations")
        .selectAll()
        .where("owner_id", "=", ownerId)
        .where("hidden", "=", 0)
        .where("deleted_at_ms", "is", null);
      if (after) {
        query = query.where(({ eb, or, and }) =>
          or([
            eb("pinned", "<", after.pinned),
            and([eb("pinned", "=", after.pinned), eb("updated_at_ms", "<", after.updatedAtMs)]),
            and([
              eb("pinned", "=", after.pinned),
              eb("updated_at_ms", "=", after.updatedAtMs),
              eb("id", "<", after.id),
            ]),
          ]),
        );
      }
      const rows = await query
        .orderBy("pinned", "desc")
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
        systemPrompt: row.system_prompt,
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

    async change(ownerId, id, { title, pinned, systemPrompt }) {
      const row = await database.transaction().execute(async (transaction) => {
        const changed = await transaction
          .updateTable("conversations")
          .set({
            ...(title !== undefined && { title, named: 1 }),
            ...(pinned !== undefined && { pinned: pinned ? 1 : 0 }),
            ...(systemPrompt !== undefined && { system_prompt: systemPrompt }),
          })
          .where("id", "=", id)
          .where("owner_id", "=", ownerId)
          .where("deleted_at_ms", "is", null)
          .returningAll()
          .executeTakeFirst();
        if (changed && title !== undefined) await indexTitle(transaction, id, title);
        return changed;
      });
      if (!row) return undefined;
      changes.conversation(ownerId, id);
      return toSummary(row);
    },
  };
}

async function findConversation(queries: Queries, ownerId: string, id: string): Promise<ConversationRow | undefined> {
  return queries
    .selectFrom("conversations")
    .selectAll()
    .where("id", "=", id)
    .where("owner_id", "=", ownerId)
    .where("deleted_at_ms", "is", null)
    .executeTakeFirst();
}

interface NewConversation {
  ownerId: string;
  id: string;
  title: string;
  /** A person chose the title. */
  named: boolean;
  hidden: boolean;
  nowMs: number;
}

export async function insertConversation(
  transaction: Transaction<Schema>,
  { ownerId, id, title, named, hidden, nowMs }: NewConversation,
): Promise<ConversationRow> {
  const row = await transaction
    .insertInto("conversations")
    .values({
      id,
      owner_id: ownerId,
      title,
      named: named ? 1 : 0,
      hidden: hidden ? 1 : 0,
      created_at_ms: nowMs,
      updated_at_ms: nowMs,
    })
    .returningAll()
    .executeTakeFirstOrThrow();
  if (title !== "") await indexTitle(transaction, id, title);
  return row;
}

function toCursor(row: ConversationRow): string {
  return Buffer.from(`${row.pinned}:${Number(row.updated_at_ms)}:${row.id}`).toString("base64url");
}

function parseCursor(cursor: string): { pinned: number; updatedAtMs: number; id: string } | undefined {
  const match = /^([01]):(\d{1,15}):([A-Za-z0-9_-]{1,64})$/.exec(Buffer.from(cursor, "base64url").toString());
  if (match?.[3] === undefined) return undefined;
  return { pinned: Number(match[1]), updatedAtMs: Number(match[2]), id: match[3] };
}
