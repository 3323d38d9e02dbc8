/** The relational store: conversations, messages, generations. One set of queries for SQLite and PostgreSQL. */
import type { Kysely } from "kysely";
import { type ConversationStore, createConversationStore } from "./conversations.ts";
import { createGenerationStore, type GenerationStore } from "./generations.ts";
import { createMessageStore, type MessageStore } from "./messages.ts";
import { migrate } from "./migrations.ts";
import type { Schema } from "./schema.ts";

export interface ChatStore extends AsyncDisposable {
  conversations: ConversationStore;
  messages: MessageStore;
  generations: GenerationStore;
  /** Rejects while the database does not answer. */
  ping(): Promise<void>;
}

export interface ChatStoreOptions {
  database: Kysely<Schema>;
  /** @defaultValue Date.now */
  now?: () => number;
}

/** Brings the database up to date and takes it over: disposing the store closes it. */
export async function openChatStore({ database, now = Date.now }: ChatStoreOptions): Promise<ChatStore> {
  await migrate(database);
  return {
    conversations: createConversationStore(database, now),
    messages: createMessageStore(database),
    generations: createGenerationStore(database, now),
    async ping() {
      await database.selectFrom("conversations").select("id").limit(1).execute();
    },
    [Symbol.asyncDispose]: () => database.destroy(),
  };
}
