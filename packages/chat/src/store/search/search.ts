/** Full-text search in an owner's conversations: titles, questions and answers. Called by routes/search. */
import { textOf } from "../../generation/answer.ts";
import type { SearchResult } from "../../protocol.ts";
import { toSnippet } from "../../search/snippet.ts";
import { toQueryTerms } from "../../search/terms.ts";
import type { StoreContext } from "../context.ts";
import { toParts, toSummary } from "../rows.ts";
import { chooseIndex } from "./choose-index.ts";

export interface SearchStore {
  /** The best place of each conversation that holds all words, best first. Nothing for a question without words. */
  find(ownerId: string, question: string, limit: number): Promise<SearchResult[]>;
}

export function createSearchStore({ database }: StoreContext): SearchStore {
  const index = chooseIndex(database);
  return {
    async find(ownerId, question, limit) {
      const terms = toQueryTerms(question);
      if (terms.length === 0) return [];
      const hits = await index.find(database, ownerId, terms, limit);
      if (hits.length === 0) return [];
      const conversations = await database
        .selectFrom("conversations")
        .selectAll()
        .where(
          "id",
          "in",
          hits.map(({ conversationId }) => conversationId),
        )
        .execute();
      const messageIds = hits.flatMap(({ messageId }) => messageId ?? []);
      const messages =
        messageIds.length === 0
          ? []
          : await database.selectFrom("messages").select(["id", "parts"]).where("id", "in", messageIds).execute();
      const summaries = new Map(conversations.map((row) => [row.id, toSummary(row)]));
      const texts = new Map(messages.map(({ id, parts }) => [id, textOf(toParts(parts))]));
      return hits.flatMap(({ conversationId, messageId }): SearchResult[] => {
        const conversation = summaries.get(conversationId);
        const text = messageId === null ? conversation?.title : texts.get(messageId);
        // It was removed between one query and the next.
        if (!conversation || text === undefined) return [];
        return [{ conversation, messageId, ...toSnippet(text, terms) }];
      });
    },
  };
}
