/** Which conversation still goes by its first words, and a better title for it. Called by titles/titler. */
import { textOf } from "../generation/answer.ts";
import type { StoreContext } from "./context.ts";
import { toParts } from "./rows.ts";
import { indexTitle } from "./search/index-texts.ts";

/** A conversation that has its first whole answer. */
export interface Untitled {
  conversationId: string;
  /** As long as it is this one, nobody has named it. */
  title: string;
  question: string;
  answer: string;
}

export interface TitleStore {
  /** The conversation of a generation, if this is its first that was completed, and nobody has named it. */
  findUntitled(generationId: string): Promise<Untitled | undefined>;
  /** Does nothing to a conversation that has another title by now. */
  replace(untitled: Pick<Untitled, "conversationId" | "title">, title: string): Promise<void>;
}

export function createTitleStore({ database, changes }: StoreContext): TitleStore {
  return {
    async findUntitled(generationId) {
      const row = await database
        .selectFrom("generations")
        .innerJoin("conversations", "conversations.id", "generations.conversation_id")
        .innerJoin("messages as answer", "answer.id", "generations.message_id")
        .innerJoin("messages as question", "question.id", "answer.parent_id")
        .select([
          "conversations.id as conversationId",
          "conversations.title",
          "question.parts as question",
          "answer.parts as answer",
        ])
        .where("generations.id", "=", generationId)
        .where("generations.state", "=", "completed")
        .where("conversations.named", "=", 0)
        .where("conversations.hidden", "=", 0)
        .where("conversations.deleted_at_ms", "is", null)
        .where(({ not, exists, selectFrom }) =>
          not(
            exists(
              selectFrom("generations as other")
                .select("other.id")
                .whereRef("other.conversation_id", "=", "generations.conversation_id")
                .whereRef("other.id", "!=", "generations.id")
                .where("other.state", "=", "completed"),
            ),
          ),
        )
        .executeTakeFirst();
      return row && { ...row, question: textOf(toParts(row.question)), answer: textOf(toParts(row.answer)) };
    },

    async replace({ conversationId, title: known }, title) {
      const row = await database.transaction().execute(async (transaction) => {
        const changed = await transaction
          .updateTable("conversations")
          .set({ title })
          .where("id", "=", conversationId)
          .where("named", "=", 0)
          .where("title", "=", known)
          .where("deleted_at_ms", "is", null)
          .returning("owner_id")
          .executeTakeFirst();
        if (changed) await indexTitle(transaction, conversationId, title);
        return changed;
      });
      if (row) changes.conversation(row.owner_id, conversationId);
    },
  };
}
