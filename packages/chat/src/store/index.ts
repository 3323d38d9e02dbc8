/** The relational store: conversations, messages, generations. One set of queries for SQLite and PostgreSQL. */
import type { Kysely } from "kysely";
import { type AttachmentStore, createAttachmentStore } from "./attachments.ts";
import { createChanges, type OnChange } from "./changes.ts";
import { type ConversationStore, createConversationStore } from "./conversations.ts";
import { createDeletedStore, type DeletedStore } from "./deleted.ts";
import { createGenerationStore, type GenerationStore } from "./generations.ts";
import { createMessageStore, type MessageStore } from "./messages.ts";
import { migrate } from "./migrations.ts";
import { createNodeStore, type NodeStore } from "./nodes.ts";
import type { Schema } from "./schema.ts";
import { createSearchStore, type SearchStore } from "./search/search.ts";
import { createSettingsStore, type SettingsStore } from "./settings.ts";
import { createTitleStore, type TitleStore } from "./titles.ts";
import { createTransferStore, type TransferStore } from "./transfer.ts";

export interface ChatStore extends AsyncDisposable {
  conversations: ConversationStore;
  deleted: DeletedStore;
  messages: MessageStore;
  attachments: AttachmentStore;
  generations: GenerationStore;
  search: SearchStore;
  settings: SettingsStore;
  titles: TitleStore;
  transfer: TransferStore;
  nodes: NodeStore;
  /** Rejects while the database does not answer. */
  ping(): Promise<void>;
}

export interface ChatStoreOptions {
  database: Kysely<Schema>;
  /** @defaultValue Date.now */
  now?: () => number;
  /** Told what becomes of an owner's conversations and settings. @defaultValue nobody */
  onChange?: OnChange;
}

/** Brings the database up to date and takes it over: disposing the store closes it. */
export async function openChatStore({ database, now = Date.now, onChange }: ChatStoreOptions): Promise<ChatStore> {
  await migrate(database);
  const changes = createChanges(database, onChange);
  const context = { database, now, changes };
  return {
    conversations: createConversationStore(context),
    deleted: createDeletedStore(context),
    messages: createMessageStore(context),
    attachments: createAttachmentStore(context),
    generations: createGenerationStore(context),
    search: createSearchStore(context),
    settings: createSettingsStore(context),
    titles: createTitleStore(context),
    transfer: createTransferStore(context),
    nodes: createNodeStore(database),
    async ping() {
      await database.selectFrom("conversations").select("id").limit(1).execute();
    },
    async [Symbol.asyncDispose]() {
      await changes.settled();
      await database.destroy();
    },
  };
}
