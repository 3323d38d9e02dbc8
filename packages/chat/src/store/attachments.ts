/** Files that belong to questions: stored before the question is asked, and with it from then on. Called by routes/attachments, store/begin and generation/. */
import type { Kysely, Transaction } from "kysely";
import { createId } from "../ids.ts";
import type { Attachment, FilePart, MessagePart } from "../protocol.ts";
import type { StoreContext } from "./context.ts";
import type { Schema } from "./schema.ts";

/** How long a file is kept that no question came for, in milliseconds. */
const unusedAttachmentMs = 86_400_000;

/** Where an attachment is found; the AI SDK's file parts name it by this. */
const urlPrefix = "/api/attachments/";

export interface StoredAttachment extends Attachment {
  data: Uint8Array;
}

export interface AttachmentStore {
  add(ownerId: string, file: Omit<StoredAttachment, "id" | "bytes">): Promise<Attachment>;
  read(ownerId: string, id: string): Promise<StoredAttachment | undefined>;
}

export function createAttachmentStore({ database, now }: StoreContext): AttachmentStore {
  return {
    async add(ownerId, { name, mediaType, data }) {
      const id = createId();
      await database
        .insertInto("attachments")
        .values({
          id,
          owner_id: ownerId,
          conversation_id: null,
          name,
          media_type: mediaType,
          bytes: data.length,
          data,
          created_at_ms: now(),
        })
        .execute();
      return { id, name, mediaType, bytes: data.length };
    },

    async read(ownerId, id) {
      const row = await database
        .selectFrom("attachments")
        .leftJoin("conversations", "conversations.id", "attachments.conversation_id")
        .selectAll("attachments")
        .where("attachments.id", "=", id)
        .where("attachments.owner_id", "=", ownerId)
        .where("conversations.deleted_at_ms", "is", null)
        .executeTakeFirst();
      return row && { id: row.id, name: row.name, mediaType: row.media_type, bytes: row.bytes, data: row.data };
    },
  };
}

/** Removes the files that no question came for. Called by the sweep. */
export async function removeUnusedAttachments(database: Kysely<Schema>, now: () => number): Promise<void> {
  await database
    .deleteFrom("attachments")
    .where("conversation_id", "is", null)
    .where("created_at_ms", "<", now() - unusedAttachmentMs)
    .execute();
}

/**
 * The files of a question that is about to be asked, in the order in which they were named. `undefined` if one of them is not the
 * owner's, or another conversation's; `conversationId` is `null` for one that begins.
 */
export async function findAttachments(
  transaction: Transaction<Schema>,
  { ownerId, conversationId, ids }: { ownerId: string; conversationId: string | null; ids: readonly string[] },
): Promise<FilePart[] | undefined> {
  if (ids.length === 0) return [];
  const rows = await transaction
    .selectFrom("attachments")
    .select(["id", "name", "media_type"])
    .where("id", "in", [...ids])
    .where("owner_id", "=", ownerId)
    .where(({ eb, or }) => or([eb("conversation_id", "is", null), eb("conversation_id", "=", conversationId)]))
    .execute();
  const parts = ids.flatMap((id) => {
    const row = rows.find((one) => one.id === id);
    return row ? [toFilePart({ id, name: row.name, mediaType: row.media_type })] : [];
  });
  return parts.length === ids.length ? parts : undefined;
}

/** From here on they are the conversation's, and go when it goes. */
export async function claimAttachments(
  transaction: Transaction<Schema>,
  conversationId: string,
  files: readonly FilePart[],
): Promise<void> {
  if (files.length === 0) return;
  await transaction
    .updateTable("attachments")
    .set({ conversation_id: conversationId })
    .where("id", "in", attachmentIdsOf(files))
    .execute();
}

function toFilePart({ id, name, mediaType }: Pick<Attachment, "id" | "name" | "mediaType">): FilePart {
  return { type: "file", mediaType, filename: name, url: toAttachmentUrl(id) };
}

export function toAttachmentUrl(id: string): string {
  return urlPrefix + id;
}

/** The attachments that a message shows. */
export function attachmentIdsOf(parts: readonly MessagePart[]): string[] {
  return parts.flatMap((part) => (part.type === "file" ? [part.url.slice(urlPrefix.length)] : []));
}

/** The ID of an attachment by its address; `undefined` for whatever else an address is. */
export function attachmentIdOf(url: string): string | undefined {
  return url.startsWith(urlPrefix) ? url.slice(urlPrefix.length) : undefined;
}

/** Of the named files, removes those that no message of the conversation shows any more. */
export async function releaseAttachments(
  transaction: Transaction<Schema>,
  conversationId: string,
  ids: readonly string[],
): Promise<void> {
  if (ids.length === 0) return;
  const rows = await transaction
    .selectFrom("messages")
    .select("parts")
    .where("conversation_id", "=", conversationId)
    .where("parts", "like", `%${urlPrefix}%`)
    .execute();
  const used = new Set(rows.flatMap(({ parts }) => attachmentIdsOf(JSON.parse(parts) as MessagePart[])));
  const unused = ids.filter((id) => !used.has(id));
  if (unused.length === 0) return;
  await transaction
    .deleteFrom("attachments")
    .where("id", "in", unused)
    .where("conversation_id", "=", conversationId)
    .execute();
}
