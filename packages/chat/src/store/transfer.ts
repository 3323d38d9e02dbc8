/** Whole conversations, out of the store and into it, all branches included. Called by routes/transfer. */
import { setImmediate as nextTurn } from "node:timers/promises";
import type { Kysely, Transaction } from "kysely";
import { createId } from "../ids.ts";
import type {
  ExportedConversation,
  ExportedMessage,
  FilePart,
  Imported,
  MessagePart,
  TerminalState,
} from "../protocol.ts";
import { parseDataUrl, toDataUrl } from "../transfer/data-url.ts";
import { attachmentIdOf, toAttachmentUrl } from "./attachments.ts";
import type { StoreContext } from "./context.ts";
import {
  type ConversationRow,
  type GenerationRow,
  type MessageRow,
  toMessage,
  toParts,
  toSummary,
  unfinishedStates,
} from "./rows.ts";
import type { Schema } from "./schema.ts";
import { indexMessage, indexTitle } from "./search/index-texts.ts";

export interface TransferStore {
  /** Of all that can be exported, oldest first. */
  ids(ownerId: string): Promise<string[]>;
  /** Without what is still being answered. */
  read(ownerId: string, id: string): Promise<ExportedConversation | undefined>;
  /** Stores all or none, under new IDs. They have been checked. */
  write(ownerId: string, conversations: readonly ExportedConversation[]): Promise<Imported>;
}

/** So many messages are stored before others get their turn: the store is in the same thread. */
const messagesPerTurn = 20;
/** Of more, pages learn when they read their list again. */
const mostTold = 100;

export function createTransferStore({ database, changes }: StoreContext): TransferStore {
  return {
    async ids(ownerId) {
      const rows = await database
        .selectFrom("conversations")
        .select("id")
        .where("owner_id", "=", ownerId)
        .where("hidden", "=", 0)
        .where("deleted_at_ms", "is", null)
        .orderBy("created_at_ms")
        .orderBy("id")
        .execute();
      return rows.map(({ id }) => id);
    },

    async read(ownerId, id) {
      const row = await database
        .selectFrom("conversations")
        .selectAll()
        .where("id", "=", id)
        .where("owner_id", "=", ownerId)
        .where("hidden", "=", 0)
        .where("deleted_at_ms", "is", null)
        .executeTakeFirst();
      if (!row) return undefined;
      // In this order: an answer that ends in between is left out, never given without its text.
      const generations = await database
        .selectFrom("generations")
        .selectAll()
        .where("conversation_id", "=", id)
        .execute();
      const messages = await database
        .selectFrom("messages")
        .selectAll()
        .where("conversation_id", "=", id)
        .orderBy("created_at_ms")
        .execute();
      const files = await readFiles(database, id, messages);
      return toExported(row, messages, generations, files);
    },

    async write(ownerId, conversations) {
      const imported = await database.transaction().execute(async (transaction) => {
        const stored: Imported["conversations"] = [];
        for (const conversation of conversations) {
          const id = createId();
          await insertWhole(transaction, { ownerId, id }, conversation);
          stored.push({ id, title: conversation.title });
        }
        return stored;
      });
      for (const { id } of imported.slice(0, mostTold)) changes.conversation(ownerId, id);
      return { conversations: imported };
    },
  };
}

/** Addresses of the files of a conversation, as they are stored -> as they are exported. */
async function readFiles(
  database: Kysely<Schema>,
  conversationId: string,
  messages: readonly MessageRow[],
): Promise<Map<string, string>> {
  const files = new Map<string, string>();
  for (const part of messages.flatMap(({ role, parts }) => (role === "user" ? toParts(parts) : []))) {
    if (part.type !== "file" || files.has(part.url)) continue;
    const row = await database
      .selectFrom("attachments")
      .select(["media_type", "data"])
      .where("id", "=", attachmentIdOf(part.url) ?? "")
      .where("conversation_id", "=", conversationId)
      .executeTakeFirst();
    if (row) files.set(part.url, toDataUrl(row.media_type, row.data));
  }
  return files;
}

function toExported(
  row: ConversationRow,
  messages: MessageRow[],
  generations: GenerationRow[],
  files: ReadonlyMap<string, string>,
): ExportedConversation {
  const byId = new Map(generations.map((generation) => [generation.id, generation]));
  const isEnded = ({ generation_id: generationId }: MessageRow): boolean => {
    const generation = generationId === null ? undefined : byId.get(generationId);
    return generationId === null || (generation !== undefined && !unfinishedStates.includes(generation.state));
  };
  const ended = toParentsFirst(messages.filter(isEnded));
  const unfinished = messages.find((message) => message.id === row.head_message_id && !isEnded(message));
  const { id: _id, ...summary } = toSummary(row);
  return {
    ...summary,
    systemPrompt: row.system_prompt,
    headMessageId: unfinished ? unfinished.parent_id : row.head_message_id,
    messages: ended.map((message) => toExportedMessage(message, byId.get(message.generation_id ?? ""), files)),
  };
}

/** As they are, but each after its parent: many may be of the same millisecond. */
function toParentsFirst(messages: readonly MessageRow[]): MessageRow[] {
  const below = Map.groupBy(messages, (message) => message.parent_id);
  const ordered: MessageRow[] = [...(below.get(null) ?? [])];
  for (const message of ordered) ordered.push(...(below.get(message.id) ?? []));
  return ordered;
}

function toExportedMessage(
  row: MessageRow,
  generation: GenerationRow | undefined,
  files: ReadonlyMap<string, string>,
): ExportedMessage {
  const { id, parentId, role, createdAt, metadata, ...message } = toMessage(row, generation, undefined);
  const withFile = (part: MessagePart): MessagePart =>
    part.type === "file" ? { ...part, url: files.get(part.url) ?? "" } : part;
  const parts = message.parts.map(withFile);
  if (!metadata) return { id, parentId, role, parts, createdAt };
  const { generationId: _generationId, state, ...kept } = metadata;
  return { id, parentId, role, parts, createdAt, metadata: { ...kept, state: state as TerminalState } };
}

async function insertWhole(
  transaction: Transaction<Schema>,
  { ownerId, id }: { ownerId: string; id: string },
  conversation: ExportedConversation,
): Promise<void> {
  const { title, pinned, systemPrompt, headMessageId, messages } = conversation;
  const ids = new Map(messages.map((message) => [message.id, createId()]));
  await transaction
    .insertInto("conversations")
    .values({
      id,
      owner_id: ownerId,
      title,
      pinned: pinned ? 1 : 0,
      named: 1,
      system_prompt: systemPrompt,
      head_message_id: headMessageId === null ? null : (ids.get(headMessageId) ?? null),
      model: messages.findLast(({ metadata }) => metadata)?.metadata?.model ?? null,
      created_at_ms: Date.parse(conversation.createdAt),
      updated_at_ms: Date.parse(conversation.updatedAt),
    })
    .execute();
  await indexTitle(transaction, id, title);
  for (const [index, message] of messages.entries()) {
    if (index % messagesPerTurn === 0) await nextTurn();
    const messageId = ids.get(message.id) ?? "";
    const parentId = message.parentId === null ? null : (ids.get(message.parentId) ?? null);
    const generation = message.metadata && toGenerationRow(message, message.metadata);
    const parts: MessagePart[] = [];
    for (const part of message.parts) {
      parts.push(part.type === "file" ? await insertFile(transaction, { ownerId, id }, message, part) : part);
    }
    await transaction
      .insertInto("messages")
      .values({
        id: messageId,
        conversation_id: id,
        parent_id: parentId,
        role: message.role,
        parts: JSON.stringify(parts),
        generation_id: generation?.id ?? null,
        created_at_ms: Date.parse(message.createdAt),
      })
      .execute();
    if (generation) {
      const place = { owner_id: ownerId, conversation_id: id, message_id: messageId };
      await transaction
        .insertInto("generations")
        .values({ ...generation, ...place })
        .execute();
    }
    await indexMessage(transaction, { conversationId: id, messageId, parts });
  }
}

/** Stores the file that its address holds. Returns the part that names it where it is now. */
async function insertFile(
  transaction: Transaction<Schema>,
  { ownerId, id: conversationId }: { ownerId: string; id: string },
  { createdAt }: ExportedMessage,
  part: FilePart,
): Promise<FilePart> {
  const { data = new Uint8Array() } = parseDataUrl(part.url) ?? {};
  const id = createId();
  await transaction
    .insertInto("attachments")
    .values({
      id,
      owner_id: ownerId,
      conversation_id: conversationId,
      name: part.filename,
      media_type: part.mediaType,
      bytes: data.length,
      data,
      created_at_ms: Date.parse(createdAt),
    })
    .execute();
  return { ...part, url: toAttachmentUrl(id) };
}

/** Where `close` stands in the log that an answer may have had: that of one with nothing but its end. */
const leastEndSeq = 4;

/** As if its log had expired: it is followed from the stored message. */
function toGenerationRow({ createdAt }: ExportedMessage, metadata: NonNullable<ExportedMessage["metadata"]>) {
  const createdAtMs = Date.parse(createdAt);
  return {
    id: createId(),
    state: metadata.state,
    model: metadata.model,
    trigger: "submit-message" as const,
    given_text: JSON.stringify(""),
    prompt: null,
    // No request is the same as one that was made elsewhere.
    request_hash: createId(),
    takeovers: 0,
    code: metadata.code ?? null,
    finish_reason: metadata.finishReason ?? null,
    usage: metadata.usage ? JSON.stringify(metadata.usage) : null,
    end_epoch: 1,
    end_seq: leastEndSeq,
    log_expires: 1,
    created_at_ms: createdAtMs,
    finished_at_ms: createdAtMs + (metadata.durationMs ?? 0),
    duration_ms: metadata.durationMs ?? null,
    thought_ms: metadata.thoughtMs ?? null,
  };
}
