/** Every object of PROTOCOL.md as a strict schema: a key too many or too few fails the test that reads it. */
import * as v from "valibot";
import { generationErrorCodes, problemCodes } from "../../src/protocol.ts";

const id = v.pipe(v.string(), v.regex(/^[A-Za-z0-9_-]{1,64}$/));
const ownId = v.pipe(v.string(), v.regex(/^[A-Za-z0-9_-]{20}$/));
const time = v.pipe(v.string(), v.regex(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/));
const model = v.pipe(v.string(), v.regex(/^[a-z0-9-]+\/.+$/));
const title = v.pipe(v.string(), v.maxLength(1001));
const text = v.pipe(
  v.string(),
  v.check((value) => value.isWellFormed()),
);
const filledText = v.pipe(text, v.minLength(1));
const partId = v.pipe(v.string(), v.regex(/^[tr](0|[1-9]\d*)$/));
const count = v.pipe(v.number(), v.integer(), v.minValue(0));

const terminalState = v.picklist(["completed", "stopped", "failed", "interrupted"]);
const state = v.union([v.picklist(["queued", "running"]), terminalState]);
const end = {
  code: v.optional(v.picklist(generationErrorCodes)),
  finishReason: v.optional(v.picklist(["stop", "length", "content-filter", "tool-calls", "other"])),
  usage: v.optional(
    v.strictObject({
      inputTokens: v.optional(count),
      outputTokens: v.optional(count),
      reasoningTokens: v.optional(count),
    }),
  ),
};

const sourceUrl = v.strictObject({
  type: v.literal("source-url"),
  sourceId: v.string(),
  url: v.string(),
  title: v.optional(v.string()),
});

const toolCall = { toolCallId: v.string(), toolName: v.string() };

export const chunkSchema = v.variant("type", [
  v.strictObject({ type: v.literal("tool-input-start"), ...toolCall }),
  v.strictObject({ type: v.literal("tool-input-delta"), toolCallId: v.string(), inputTextDelta: filledText }),
  v.strictObject({ type: v.literal("tool-input-available"), ...toolCall, input: v.unknown() }),
  v.strictObject({ type: v.literal("tool-input-error"), ...toolCall, input: text, errorText: filledText }),
  v.strictObject({
    type: v.literal("start"),
    messageId: ownId,
    messageMetadata: v.strictObject({ conversationId: id, generationId: ownId, model }),
  }),
  v.strictObject({ type: v.picklist(["text-start", "text-end", "reasoning-start", "reasoning-end"]), id: partId }),
  v.strictObject({ type: v.picklist(["text-delta", "reasoning-delta"]), id: partId, delta: filledText }),
  sourceUrl,
  v.strictObject({
    type: v.literal("message-metadata"),
    messageMetadata: v.strictObject({ state: terminalState, ...end }),
  }),
  v.strictObject({ type: v.picklist(["finish", "abort"]) }),
  v.strictObject({ type: v.literal("error"), errorText: v.pipe(text, v.minLength(1), v.maxLength(300)) }),
]);

export const summarySchema = v.strictObject({ id, title, pinned: v.boolean(), createdAt: time, updatedAt: time });

const systemPrompt = v.pipe(text, v.maxLength(20_000));

export const settingsSchema = v.strictObject({ systemPrompt });

/** An event of `typebar.changes`, as it is published. */
export const changeSchema = v.variant("event", [
  v.strictObject({
    event: v.literal("conversation"),
    data: v.strictObject({ conversation: summarySchema, generationId: v.nullable(ownId) }),
  }),
  v.strictObject({ event: v.literal("conversation-deleted"), data: v.strictObject({ id }) }),
  v.strictObject({ event: v.literal("settings"), data: settingsSchema }),
]);

export const pageSchema = v.strictObject({
  conversations: v.array(summarySchema),
  nextCursor: v.nullable(v.pipe(v.string(), v.minLength(1))),
});

const siblings = { siblingIds: v.optional(v.pipe(v.array(ownId), v.minLength(2))) };

const messageSchema = v.variant("role", [
  v.strictObject({
    id: ownId,
    parentId: v.nullable(ownId),
    role: v.literal("user"),
    parts: v.pipe(
      v.array(
        v.variant("type", [
          v.strictObject({ type: v.literal("text"), text: filledText }),
          v.strictObject({
            type: v.literal("file"),
            mediaType: v.picklist(["image/png", "image/jpeg", "image/webp", "image/gif", "text/plain"]),
            filename: filledText,
            url: v.pipe(v.string(), v.regex(/^\/api\/attachments\/[A-Za-z0-9_-]{20}$/)),
          }),
        ]),
      ),
      v.minLength(1),
    ),
    createdAt: time,
    ...siblings,
  }),
  v.strictObject({
    id: ownId,
    parentId: v.nullable(ownId),
    role: v.literal("assistant"),
    parts: v.array(
      v.variant("type", [v.strictObject({ type: v.picklist(["text", "reasoning"]), text: filledText }), sourceUrl]),
    ),
    createdAt: time,
    ...siblings,
    metadata: v.strictObject({
      generationId: ownId,
      model,
      state,
      ...end,
      durationMs: v.optional(count),
      thoughtMs: v.optional(count),
    }),
  }),
]);

export const conversationSchema = v.strictObject({
  ...summarySchema.entries,
  systemPrompt: v.nullable(systemPrompt),
  messages: v.array(messageSchema),
  generationId: v.nullable(ownId),
});

export const generationSchema = v.strictObject({
  id: ownId,
  conversationId: id,
  messageId: ownId,
  model,
  state,
  ...end,
  createdAt: time,
  finishedAt: v.nullable(time),
});

export const modelsSchema = v.strictObject({
  models: v.array(
    v.strictObject({
      id: model,
      name: v.string(),
      provider: v.string(),
      kind: v.picklist(["language-model", "guide"]),
      input: v.pipe(v.array(v.picklist(["text", "image"])), v.minLength(1)),
      attachments: v.boolean(),
    }),
  ),
  default: v.string(),
});

export const problemSchema = v.strictObject({
  type: v.pipe(v.string(), v.startsWith("/docs/errors.md#")),
  title: v.pipe(v.string(), v.minLength(1)),
  status: v.pipe(v.number(), v.minValue(400), v.maxValue(599)),
  code: v.picklist(problemCodes),
  detail: v.optional(v.string()),
  generationId: v.optional(ownId),
});

export const searchSchema = v.strictObject({
  results: v.array(
    v.strictObject({
      conversation: summarySchema,
      messageId: v.nullable(ownId),
      snippet: text,
      matches: v.array(v.strictTuple([count, count])),
    }),
  ),
});

export const importedSchema = v.strictObject({ conversations: v.array(v.strictObject({ id: ownId, title })) });

const { id: _id, ...summaryWithoutId } = summarySchema.entries;
const [userMessage, assistantMessage] = messageSchema.options;
const { siblingIds: _ofUser, parts: _parts, ...exportedUser } = userMessage.entries;
const exportedFile = v.strictObject({
  type: v.literal("file"),
  mediaType: v.string(),
  filename: filledText,
  url: v.pipe(v.string(), v.regex(/^data:[a-z]+\/[a-z]+;base64,[A-Za-z0-9+/]+={0,2}$/)),
});
const { siblingIds: _ofAssistant, ...exportedAssistant } = assistantMessage.entries;
const { generationId: _generationId, ...exportedMetadata } = assistantMessage.entries.metadata.entries;

export const exportSchema = v.strictObject({
  typebar: v.literal(1),
  conversations: v.array(
    v.strictObject({
      ...summaryWithoutId,
      systemPrompt: v.nullable(systemPrompt),
      headMessageId: v.nullable(ownId),
      messages: v.array(
        v.variant("role", [
          v.strictObject({
            ...exportedUser,
            parts: v.array(v.union([v.strictObject({ type: v.literal("text"), text: filledText }), exportedFile])),
          }),
          v.strictObject({
            ...exportedAssistant,
            metadata: v.strictObject({ ...exportedMetadata, state: terminalState }),
          }),
        ]),
      ),
    }),
  ),
});
