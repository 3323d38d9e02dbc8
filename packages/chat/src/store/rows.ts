/** Rows <-> the objects of the wire. PostgreSQL gives 64-bit numbers as text: every number passes through `Number`. */
import type { Selectable } from "kysely";
import type {
  ConversationSummary,
  EndMetadata,
  FinishReason,
  Generation,
  GenerationErrorCode,
  GenerationState,
  Message,
  MessagePart,
  Usage,
} from "../protocol.ts";
import type { ProviderRequest } from "../provider/provider.ts";
import type { Schema } from "./schema.ts";

export type ConversationRow = Selectable<Schema["conversations"]>;
export type MessageRow = Selectable<Schema["messages"]>;
export type GenerationRow = Selectable<Schema["generations"]>;

export const unfinishedStates: GenerationState[] = ["queued", "running"];

/** What a generation of a hidden conversation asks. */
export type StoredPrompt = Required<Pick<ProviderRequest, "messages" | "settings">>;

function toTime(ms: number | string): string {
  return new Date(Number(ms)).toISOString();
}

export function toSummary(row: ConversationRow): ConversationSummary {
  return {
    id: row.id,
    title: row.title,
    pinned: row.pinned !== 0,
    createdAt: toTime(row.created_at_ms),
    updatedAt: toTime(row.updated_at_ms),
  };
}

export function toParts(json: string): MessagePart[] {
  return JSON.parse(json) as MessagePart[];
}

export function toGivenText(row: GenerationRow): string {
  return JSON.parse(row.given_text) as string;
}

/** `undefined` where the conversation's messages are the prompt. */
export function toStoredPrompt(row: GenerationRow): StoredPrompt | undefined {
  return row.prompt === null ? undefined : (JSON.parse(row.prompt) as StoredPrompt);
}

/** What the end of a generation said, as far as it has ended. */
export function toEnd(row: GenerationRow): Omit<EndMetadata, "state"> {
  return {
    ...(row.code !== null && { code: row.code as GenerationErrorCode }),
    ...(row.finish_reason !== null && { finishReason: row.finish_reason as FinishReason }),
    ...(row.usage !== null && { usage: JSON.parse(row.usage) as Usage }),
  };
}

export function toGeneration(row: GenerationRow): Generation {
  return {
    id: row.id,
    conversationId: row.conversation_id,
    messageId: row.message_id,
    model: row.model,
    state: row.state,
    ...toEnd(row),
    createdAt: toTime(row.created_at_ms),
    finishedAt: row.finished_at_ms === null ? null : toTime(row.finished_at_ms),
  };
}

/** @param siblingIds - Of all that stand beside it and itself, oldest first; `undefined` if it stands alone. */
export function toMessage(
  row: MessageRow,
  generation: GenerationRow | undefined,
  siblingIds: string[] | undefined,
): Message {
  return {
    id: row.id,
    parentId: row.parent_id,
    role: row.role,
    parts: toParts(row.parts),
    createdAt: toTime(row.created_at_ms),
    ...(siblingIds && { siblingIds }),
    ...(generation && {
      metadata: {
        generationId: generation.id,
        model: generation.model,
        state: generation.state,
        ...toEnd(generation),
        ...(generation.duration_ms !== null && { durationMs: Number(generation.duration_ms) }),
        ...(generation.thought_ms !== null && { thoughtMs: Number(generation.thought_ms) }),
      },
    }),
  };
}
