/** Queries of generations, from the first to the projected end. Called by generation/ and routes/; beginning one is in begin.ts. */
import { sql } from "kysely";
import type { AnswerTimes } from "../generation/stopwatch.ts";
import type { EndMetadata, MessagePart } from "../protocol.ts";
import { beginGeneration, type BeginRequest, type BeginResult } from "./begin.ts";
import { removeUnusedAttachments } from "./attachments.ts";
import { branchOf } from "./branches.ts";
import type { StoreContext } from "./context.ts";
import { type GenerationRow, type MessageRow, unfinishedStates } from "./rows.ts";
import { indexMessage } from "./search/index-texts.ts";

/** What the log of an ended generation says. */
export interface Projection {
  parts: readonly MessagePart[];
  end: EndMetadata;
  endEpoch: number;
  endSeq: number;
  /** Where they are known. */
  times?: AnswerTimes | undefined;
}

export type UnfinishedRow = Pick<GenerationRow, "id" | "state">;
export type EndedRow = Pick<GenerationRow, "id" | "end_epoch" | "end_seq">;

export interface GenerationStore {
  begin(request: BeginRequest): Promise<BeginResult>;
  find(ownerId: string, id: string): Promise<GenerationRow | undefined>;
  /** The generation that is queued or running in a conversation. */
  findUnfinished(ownerId: string, conversationId: string): Promise<GenerationRow | undefined>;
  findMessage(id: string): Promise<MessageRow | undefined>;
  /** The messages that a generation answers, oldest first. */
  history(generation: GenerationRow): Promise<MessageRow[]>;
  /** What the model is told before the messages: the conversation's own, else that of its owner's settings; perhaps empty. */
  systemPrompt(generation: GenerationRow): Promise<string>;
  /** Every generation that has not ended, of all owners, oldest first. Asked over and over by every node: only what it needs to choose. */
  unfinished(): Promise<UnfinishedRow[]>;
  /** All of one that has not ended, for whoever goes on with it. */
  readUnfinished(id: string): Promise<GenerationRow | undefined>;
  /** Those of them that have ended, and where. */
  ended(ids: readonly string[]): Promise<EndedRow[]>;
  setRunning(id: string): Promise<void>;
  /** Counts a takeover, or takes one back with -1. Returns how many there were; `undefined` if the generation has ended or is gone. */
  addTakeover(id: string, count?: 1 | -1): Promise<number | undefined>;
  /** Stores the end, once or again: it is the same each time. Returns false if the generation was deleted. */
  project(id: string, projection: Projection): Promise<boolean>;
  /** Stores the end of one that could not be begun. Returns false if another node has taken it up since: it is that node's then. */
  refuse(id: string, projection: Projection): Promise<boolean>;
  /** The first of those that have ended and whose logs would stay for ever: {@link setLogExpires} was not called. */
  withKeptLogs(limit: number): Promise<string[]>;
  setLogExpires(id: string): Promise<void>;
  /** A file of one of the messages that a generation answers. */
  readFile(generation: GenerationRow, id: string): Promise<Uint8Array | undefined>;
  /** Removes files that no question came for in a day. */
  removeUnusedFiles(): Promise<void>;
  /** Removes hidden conversations whose answer ended longer ago, and whose log expires. */
  removeHidden(ageMs: number): Promise<void>;
}

/** Parameters of one query. */
const idsAtOnce = 500;

export function createGenerationStore(context: StoreContext): GenerationStore {
  const { database, now, changes } = context;

  /** Returns whether this ended it. `untouched`: only if nobody has begun it or taken it up. */
  async function end(
    id: string,
    { parts, end, endEpoch, endSeq, times }: Projection,
    which: "any" | "untouched",
  ): Promise<boolean> {
    const ended = await database.transaction().execute(async (transaction) => {
      const row = await transaction
        .updateTable("generations")
        .set({
          state: end.state,
          code: end.code ?? null,
          finish_reason: end.finishReason ?? null,
          usage: end.usage ? JSON.stringify(end.usage) : null,
          end_epoch: endEpoch,
          end_seq: endSeq,
          finished_at_ms: now(),
          duration_ms: times?.durationMs ?? null,
          thought_ms: times?.thoughtMs ?? null,
        })
        .where("id", "=", id)
        .where("state", "in", unfinishedStates)
        .$if(which === "untouched", (query) => query.where("state", "=", "queued").where("takeovers", "=", 0))
        .returning(["message_id", "owner_id", "conversation_id"])
        .executeTakeFirst();
      if (!row) return undefined;
      await transaction
        .updateTable("messages")
        .set({ parts: JSON.stringify(parts) })
        .where("id", "=", row.message_id)
        .execute();
      await indexMessage(transaction, { conversationId: row.conversation_id, messageId: row.message_id, parts });
      return row;
    });
    if (ended) changes.conversation(ended.owner_id, ended.conversation_id);
    return ended !== undefined;
  }

  return {
    begin: (request) => beginGeneration(context, request),

    find: (ownerId, id) =>
      database
        .selectFrom("generations")
        .innerJoin("conversations", "conversations.id", "generations.conversation_id")
        .selectAll("generations")
        .where("generations.id", "=", id)
        .where("generations.owner_id", "=", ownerId)
        .where("conversations.deleted_at_ms", "is", null)
        .executeTakeFirst(),

    findUnfinished: (ownerId, conversationId) =>
      database
        .selectFrom("generations")
        .innerJoin("conversations", "conversations.id", "generations.conversation_id")
        .selectAll("generations")
        .where("generations.conversation_id", "=", conversationId)
        .where("generations.owner_id", "=", ownerId)
        .where("generations.state", "in", unfinishedStates)
        .where("conversations.deleted_at_ms", "is", null)
        .executeTakeFirst(),

    findMessage: (id) => database.selectFrom("messages").selectAll().where("id", "=", id).executeTakeFirst(),

    async history(generation) {
      const messages = await database
        .selectFrom("messages")
        .selectAll()
        .where("conversation_id", "=", generation.conversation_id)
        .execute();
      const answer = messages.find((message) => message.id === generation.message_id);
      return branchOf(messages, answer?.parent_id ?? null);
    },

    async systemPrompt(generation) {
      const row = await database
        .selectFrom("conversations")
        .leftJoin("settings", "settings.owner_id", "conversations.owner_id")
        .select(["conversations.system_prompt as own", "settings.system_prompt as default"])
        .where("conversations.id", "=", generation.conversation_id)
        .executeTakeFirst();
      return row?.own ?? row?.default ?? "";
    },

    unfinished: () =>
      database
        .selectFrom("generations")
        .select(["id", "state"])
        // As the index of unfinished ones has it: a parameter could be anything, and all generations would be looked through.
        .where(sql<boolean>`state IN ('queued', 'running')`)
        .orderBy("created_at_ms")
        .execute(),

    readUnfinished: (id) =>
      database
        .selectFrom("generations")
        .selectAll()
        .where("id", "=", id)
        .where("state", "in", unfinishedStates)
        .executeTakeFirst(),

    async ended(ids) {
      const rows: EndedRow[] = [];
      for (let from = 0; from < ids.length; from += idsAtOnce) {
        const some = await database
          .selectFrom("generations")
          .select(["id", "end_epoch", "end_seq"])
          .where("id", "in", ids.slice(from, from + idsAtOnce))
          .where("end_seq", "is not", null)
          .execute();
        rows.push(...some);
      }
      return rows;
    },

    async setRunning(id) {
      await database
        .updateTable("generations")
        .set({ state: "running" })
        .where("id", "=", id)
        .where("state", "=", "queued")
        .execute();
    },

    async addTakeover(id, count = 1) {
      const row = await database
        .updateTable("generations")
        .set((update) => ({ takeovers: update("takeovers", "+", count) }))
        .where("id", "=", id)
        .where("state", "in", unfinishedStates)
        .returning("takeovers")
        .executeTakeFirst();
      return row?.takeovers;
    },

    async project(id, projection) {
      if (await end(id, projection, "any")) return true;
      const known = await database.selectFrom("generations").select("id").where("id", "=", id).executeTakeFirst();
      return known !== undefined;
    },

    refuse: (id, projection) => end(id, projection, "untouched"),

    async withKeptLogs(limit) {
      const rows = await database
        .selectFrom("generations")
        .select("id")
        .where(({ eb, lit }) => eb("log_expires", "=", lit(0)))
        .where("finished_at_ms", "is not", null)
        .orderBy("finished_at_ms")
        .limit(limit)
        .execute();
      return rows.map(({ id }) => id);
    },

    async setLogExpires(id) {
      await database.updateTable("generations").set({ log_expires: 1 }).where("id", "=", id).execute();
    },

    async readFile(generation, id) {
      const row = await database
        .selectFrom("attachments")
        .select("data")
        .where("id", "=", id)
        .where("conversation_id", "=", generation.conversation_id)
        .executeTakeFirst();
      return row?.data;
    },

    removeUnusedFiles: () => removeUnusedAttachments(database, now),

    async removeHidden(ageMs) {
      const endedBeforeMs = now() - ageMs;
      await database
        .deleteFrom("conversations")
        .where("hidden", "=", 1)
        .where("updated_at_ms", "<", endedBeforeMs)
        .where(({ not, exists, selectFrom }) =>
          not(
            exists(
              selectFrom("generations")
                .select("generations.id")
                .whereRef("generations.conversation_id", "=", "conversations.id")
                .where(({ eb, or }) =>
                  or([
                    eb("finished_at_ms", "is", null),
                    eb("finished_at_ms", ">=", endedBeforeMs),
                    eb("log_expires", "=", 0),
                  ]),
                ),
            ),
          ),
        )
        .execute();
    },
  };
}
