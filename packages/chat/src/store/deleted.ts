/**
 * What was deleted: kept for a while, in which it can be restored and nobody sees it; then gone for good. Called by
 * routes/conversations, and by the sweep in generation/.
 */
import type { ConversationSummary } from "../protocol.ts";
import type { StoreContext } from "./context.ts";
import { type GenerationRow, toSummary, unfinishedStates } from "./rows.ts";

/** How long a deleted conversation can be restored, in milliseconds. */
export const restorableMs = 600_000;

/** A conversation that can be restored no more. Its logs go with it. */
export interface Expired {
  id: string;
  generations: Pick<GenerationRow, "id" | "state">[];
}

export interface DeletedStore {
  /** Takes a conversation out of sight, with what is running in it, to be stopped. `undefined` if there was none. */
  remove(ownerId: string, id: string): Promise<{ running: GenerationRow | undefined } | undefined>;
  /** Brings it back; `undefined` if it is not there, or is so for good. */
  restore(ownerId: string, id: string): Promise<ConversationSummary | undefined>;
  /** The first of those that can be restored no more, of all owners. */
  expired(limit: number): Promise<Expired[]>;
  /** Removes such a one with all that belongs to it, but for the logs. */
  purge(id: string): Promise<void>;
}

export function createDeletedStore({ database, now, changes }: StoreContext): DeletedStore {
  return {
    async remove(ownerId, id) {
      const row = await database
        .updateTable("conversations")
        .set({ deleted_at_ms: now() })
        .where("id", "=", id)
        .where("owner_id", "=", ownerId)
        .where("deleted_at_ms", "is", null)
        .returning("id")
        .executeTakeFirst();
      if (!row) return undefined;
      changes.conversation(ownerId, id);
      const running = await database
        .selectFrom("generations")
        .selectAll()
        .where("conversation_id", "=", id)
        .where("state", "in", unfinishedStates)
        .executeTakeFirst();
      return { running };
    },

    async restore(ownerId, id) {
      const row = await database
        .updateTable("conversations")
        .set({ deleted_at_ms: null })
        .where("id", "=", id)
        .where("owner_id", "=", ownerId)
        .where("hidden", "=", 0)
        .where("deleted_at_ms", ">", now() - restorableMs)
        .returningAll()
        .executeTakeFirst();
      if (!row) return undefined;
      changes.conversation(ownerId, id);
      return toSummary(row);
    },

    async expired(limit) {
      const rows = await database
        .selectFrom("conversations")
        .select("id")
        .where("deleted_at_ms", "<=", now() - restorableMs)
        .orderBy("deleted_at_ms")
        .limit(limit)
        .execute();
      if (rows.length === 0) return [];
      const ids = rows.map(({ id }) => id);
      const generations = await database
        .selectFrom("generations")
        .select(["id", "state", "conversation_id"])
        .where("conversation_id", "in", ids)
        .execute();
      const byConversation = Map.groupBy(generations, (generation) => generation.conversation_id);
      return ids.map((id) => ({ id, generations: byConversation.get(id) ?? [] }));
    },

    async purge(id) {
      await database
        .deleteFrom("conversations")
        .where("id", "=", id)
        .where("deleted_at_ms", "<=", now() - restorableMs)
        .execute();
    },
  };
}
