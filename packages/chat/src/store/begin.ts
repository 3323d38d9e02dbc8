/** Begins a generation exactly once, however often and at the same time it is asked for. Called by store/generations. */
import type { Transaction } from "kysely";
import { textOf } from "../generation/answer.ts";
import { createId } from "../ids.ts";
import type { FilePart, MessagePart, Trigger } from "../protocol.ts";
import { claimAttachments, findAttachments } from "./attachments.ts";
import { insertConversation } from "./conversations.ts";
import type { StoreContext } from "./context.ts";
import { type Edit, findEdited } from "./edit.ts";
import { lockConversation } from "./lock.ts";
import { type ConversationRow, type GenerationRow, type StoredPrompt, toParts, unfinishedStates } from "./rows.ts";
import type { Schema } from "./schema.ts";
import { indexMessage, indexTitle } from "./search/index-texts.ts";
import { titleOf } from "./title.ts";

/** A checked request to start an answer. */
export interface BeginRequest {
  ownerId: string;
  trigger: Trigger;
  conversationId: string | undefined;
  /** An unknown `conversationId` is made instead of refused. */
  createConversation: boolean;
  /** With `submit-message`. */
  text: string | undefined;
  /** With `submit-message`: files that go along. */
  attachmentIds?: readonly string[];
  /** Why a model cannot be sent these files; `undefined` if it can. */
  refusesFiles?: (model: string, files: readonly FilePart[]) => string | undefined;
  /** With the other triggers; `undefined` means the newest. */
  messageId: string | undefined;
  /** Finds the model for a conversation that used `previous` last; `undefined` when it is unknown. */
  chooseModel: (previous: string | null) => string | undefined;
  /** Each is stored with the generation; a second request with any of them follows the first. */
  keys: readonly string[];
  /** With `submit-message`: the message is sent again, perhaps with another text. */
  edit?: Edit | undefined;
  /** Of everything that makes the request what it is. */
  requestHash: string;
  /** What to ask instead of a conversation's messages: the answer then stands alone, in a hidden conversation. */
  prompt?: StoredPrompt;
}

export type BeginResult =
  | { type: "begun"; generation: GenerationRow }
  /** A key was known: this generation answers the request already. */
  | { type: "known"; generation: GenerationRow }
  | { type: "key-reused" }
  | { type: "not-found" }
  | { type: "no-model" }
  | { type: "unknown-attachment" }
  /** In a sentence to show. */
  | { type: "files-refused"; detail: string }
  | { type: "nothing-to-answer" }
  | { type: "nothing-to-continue" }
  | { type: "busy"; generationId: string };

export async function beginGeneration(
  { database, now, changes }: StoreContext,
  request: BeginRequest,
): Promise<BeginResult> {
  const attempt = (): Promise<BeginResult> =>
    database.transaction().execute((transaction) => beginWithin(transaction, request, now()));
  const begun = await attempt().catch((error: unknown) => {
    // Two requests raced and an index decided: the second one now finds what the first one made.
    if (isUniqueViolation(error)) return attempt();
    throw error;
  });
  if (begun.type === "begun" && !request.prompt) {
    changes.conversation(request.ownerId, begun.generation.conversation_id);
  }
  return begun;
}

/** Where an answer with a prompt of its own goes. */
const alone = { parentId: null, givenText: "" };

async function beginWithin(
  transaction: Transaction<Schema>,
  request: BeginRequest,
  nowMs: number,
): Promise<BeginResult> {
  const known = await findKnown(transaction, request);
  if (known) return known;

  const existing = await findConversation(transaction, request);
  if (existing === "refused") return { type: "not-found" };
  const { edit } = request;
  const edited = existing && edit && (await findEdited(transaction, existing, { ...request, edit }));
  if (edited?.type === "known" || edited?.type === "not-found") return edited;
  const running = existing && (await findRunning(transaction, existing.id));
  // It may be this very request's, stored by a repetition since the keys were looked up.
  if (running) return (await findKnown(transaction, request)) ?? { type: "busy", generationId: running.id };
  const model = request.chooseModel(existing?.model ?? null);
  if (model === undefined) return { type: "no-model" };
  const files = await findAttachments(transaction, {
    ownerId: request.ownerId,
    conversationId: existing?.id ?? null,
    ids: request.attachmentIds ?? [],
  });
  if (!files) return { type: "unknown-attachment" };
  const detail = files.length > 0 ? request.refusesFiles?.(model, files) : undefined;
  if (detail !== undefined) return { type: "files-refused", detail };
  const conversation =
    existing ??
    (await insertConversation(transaction, {
      ownerId: request.ownerId,
      id: request.conversationId ?? createId(),
      title: titleOf(request.text || (files[0]?.filename ?? "")),
      named: false,
      hidden: request.prompt !== undefined,
      nowMs,
    }));

  const place = request.prompt
    ? alone
    : await findPlace(transaction, request, conversation, {
        parentId: edited?.type === "edited" ? edited.parentId : conversation.head_message_id,
        files,
        nowMs,
      });
  if ("type" in place) return place;
  const generation = {
    id: createId(),
    conversation_id: conversation.id,
    message_id: createId(),
    owner_id: request.ownerId,
    state: "queued" as const,
    model,
    trigger: request.trigger,
    given_text: JSON.stringify(place.givenText),
    prompt: request.prompt ? JSON.stringify(request.prompt) : null,
    request_hash: request.requestHash,
    created_at_ms: nowMs,
  };
  await transaction
    .insertInto("messages")
    .values({
      id: generation.message_id,
      conversation_id: conversation.id,
      parent_id: place.parentId,
      role: "assistant",
      parts: "[]",
      generation_id: generation.id,
      created_at_ms: nowMs,
    })
    .execute();
  const row = await transaction
    .insertInto("generations")
    .values({ ...generation, takeovers: 0 })
    .returningAll()
    .executeTakeFirstOrThrow();
  // An edit leaves the message's key to what was sent under it first: that is how it is found again.
  const keys = edit?.key !== undefined && edited?.type !== "edited" ? [...request.keys, edit.key] : request.keys;
  if (keys.length > 0) {
    await transaction
      .insertInto("generation_keys")
      .values(keys.map((key) => ({ owner_id: request.ownerId, key, generation_id: generation.id })))
      .execute();
  }
  await transaction
    .updateTable("conversations")
    .set({
      head_message_id: generation.message_id,
      updated_at_ms: nowMs,
      // Another model for one answer is not meant for the questions that follow.
      ...(request.trigger === "submit-message" && { model }),
    })
    .where("id", "=", conversation.id)
    .execute();
  return { type: "begun", generation: row };
}

/** What a request with these keys is answered with, if there was one before. */
async function findKnown(transaction: Transaction<Schema>, request: BeginRequest): Promise<BeginResult | undefined> {
  if (request.keys.length === 0) return undefined;
  const found = await transaction
    .selectFrom("generation_keys")
    .innerJoin("generations", "generations.id", "generation_keys.generation_id")
    .innerJoin("conversations", "conversations.id", "generations.conversation_id")
    .selectAll("generations")
    .select(["generation_keys.key", "conversations.deleted_at_ms"])
    .where("generation_keys.owner_id", "=", request.ownerId)
    .where("generation_keys.key", "in", [...request.keys])
    .execute();
  const known = found.find(({ deleted_at_ms: deletedAtMs }) => deletedAtMs === null);
  if (!known) {
    await freeKeys(transaction, request.ownerId, found);
    return undefined;
  }
  const { key: _key, deleted_at_ms: _deletedAtMs, ...generation } = known;
  return generation.request_hash === request.requestHash ? { type: "known", generation } : { type: "key-reused" };
}

/** Nobody sees what these keys were used for: it was deleted. Should it be restored, they are not its any more. */
async function freeKeys(
  transaction: Transaction<Schema>,
  ownerId: string,
  found: readonly { key: string; id: string }[],
): Promise<void> {
  for (const { key, id } of found) {
    await transaction
      .deleteFrom("generation_keys")
      .where("owner_id", "=", ownerId)
      .where("key", "=", key)
      .where("generation_id", "=", id)
      .execute();
  }
}

/** The conversation that a request means; `undefined` if it is to be made. */
async function findConversation(
  transaction: Transaction<Schema>,
  { ownerId, conversationId, createConversation, text }: BeginRequest,
): Promise<ConversationRow | "refused" | undefined> {
  const mayBeMade = text !== undefined && (createConversation || conversationId === undefined);
  // One look at all owners' at once: between two, another request could make it.
  const found =
    conversationId === undefined
      ? undefined
      : await transaction.selectFrom("conversations").selectAll().where("id", "=", conversationId).executeTakeFirst();
  // A hidden one holds one answer, and no question that another could follow.
  if (found) return (await lockConversation(transaction, ownerId, found.id)) ?? "refused";
  return mayBeMade ? undefined : "refused";
}

async function findRunning(
  transaction: Transaction<Schema>,
  conversationId: string,
): Promise<Pick<GenerationRow, "id"> | undefined> {
  return transaction
    .selectFrom("generations")
    .select("id")
    .where("conversation_id", "=", conversationId)
    .where("state", "in", unfinishedStates)
    .executeTakeFirst();
}

/** Where the answer goes: its parent, made if it is a new user message (below `parentId`), and the text it begins with. */
async function findPlace(
  transaction: Transaction<Schema>,
  request: BeginRequest,
  conversation: ConversationRow,
  { parentId, files, nowMs }: { parentId: string | null; files: readonly FilePart[]; nowMs: number },
): Promise<{ parentId: string; givenText: string } | BeginResult> {
  const { trigger, text, messageId } = request;
  if (trigger === "submit-message") {
    const id = createId();
    const parts: MessagePart[] = text ? [...files, { type: "text", text }] : [...files];
    await claimAttachments(transaction, conversation.id, files);
    await transaction
      .insertInto("messages")
      .values({
        id,
        conversation_id: conversation.id,
        parent_id: parentId,
        role: "user",
        parts: JSON.stringify(parts),
        created_at_ms: nowMs,
      })
      .execute();
    await indexMessage(transaction, { conversationId: conversation.id, messageId: id, parts });
    if (conversation.title === "") {
      const title = titleOf(text || (files[0]?.filename ?? ""));
      await transaction.updateTable("conversations").set({ title }).where("id", "=", conversation.id).execute();
      await indexTitle(transaction, conversation.id, title);
    }
    return { parentId: id, givenText: "" };
  }
  const nothing: BeginResult = { type: trigger === "continue-message" ? "nothing-to-continue" : "nothing-to-answer" };
  const targetId = messageId ?? conversation.head_message_id;
  if (targetId === null) return nothing;
  const target = await transaction
    .selectFrom("messages")
    .selectAll()
    .where("id", "=", targetId)
    .where("conversation_id", "=", conversation.id)
    .executeTakeFirst();
  if (!target) return messageId === undefined ? nothing : { type: "not-found" };
  if (trigger === "regenerate-message") {
    const parentId = target.role === "user" ? target.id : target.parent_id;
    return parentId === null ? nothing : { parentId, givenText: "" };
  }
  const generation =
    target.generation_id === null ? undefined : await findGeneration(transaction, target.generation_id);
  const givenText = textOf(toParts(target.parts));
  const cutOff = generation && (generation.state !== "completed" || generation.finish_reason === "length");
  if (!cutOff || givenText === "" || target.parent_id === null) return nothing;
  return { parentId: target.parent_id, givenText };
}

async function findGeneration(transaction: Transaction<Schema>, id: string): Promise<GenerationRow | undefined> {
  return transaction.selectFrom("generations").selectAll().where("id", "=", id).executeTakeFirst();
}

/** SQLite says it with an extended result code, PostgreSQL with SQLSTATE 23505. */
function isUniqueViolation(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  const sqliteConstraintUnique = 2067;
  const sqliteConstraintPrimaryKey = 1555;
  if ("errcode" in error)
    return error.errcode === sqliteConstraintUnique || error.errcode === sqliteConstraintPrimaryKey;
  return "code" in error && error.code === "23505";
}
