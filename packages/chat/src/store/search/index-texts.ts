/** Puts what is stored into the index, in the transaction that stores it. Called wherever a title or a text is written, and by a migration. */
import { textOf } from "../../generation/answer.ts";
import type { MessagePart } from "../../protocol.ts";
import { toTerms } from "../../search/terms.ts";
import { toParts } from "../rows.ts";
import { chooseIndex } from "./choose-index.ts";
import type { Queries } from "./search-index.ts";

export async function indexTitle(queries: Queries, conversationId: string, title: string): Promise<void> {
  await chooseIndex(queries).add(queries, { conversationId, messageId: null, terms: termsOf(title) });
}

/** Each message once. */
export async function indexMessage(
  queries: Queries,
  { conversationId, messageId, parts }: { conversationId: string; messageId: string; parts: readonly MessagePart[] },
): Promise<void> {
  await chooseIndex(queries).add(queries, { conversationId, messageId, terms: termsOf(textOf(parts)) });
}

const termsOf = (text: string): string[] => toTerms(text).map(({ term }) => term);

const pageSize = 500;

/** All that is there already. */
export async function indexAll(queries: Queries): Promise<void> {
  const conversations = await queries
    .selectFrom("conversations")
    .select(["id", "title"])
    .where("hidden", "=", 0)
    .execute();
  for (const { id, title } of conversations) await indexTitle(queries, id, title);
  for (let after = ""; ;) {
    const messages = await queries
      .selectFrom("messages")
      .select(["id", "conversation_id", "parts"])
      .where("id", ">", after)
      .orderBy("id")
      .limit(pageSize)
      .execute();
    for (const { id, conversation_id: conversationId, parts } of messages) {
      await indexMessage(queries, { conversationId, messageId: id, parts: toParts(parts) });
    }
    const last = messages.at(-1);
    if (!last) return;
    after = last.id;
  }
}
