/** What `POST /api/import` takes: everything is checked before anything is stored. Used by routes/transfer. */
import * as v from "valibot";
import { type Export, type ExportedConversation, type FilePart, generationErrorCodes } from "../protocol.ts";
import { checkFile, maxImageBytes } from "../routes/attachment-file.ts";
import { systemPrompt } from "../routes/fields.ts";
import { parseDataUrl } from "./data-url.ts";

const maxConversations = 10_000;
/** As long as the first words of a question may be that nobody shortened. */
const maxTitleChars = 1001;

const wellFormed = v.pipe(
  v.string(),
  v.check((value) => value.isWellFormed(), "must be well-formed Unicode"),
);
const title = v.pipe(
  wellFormed,
  v.maxLength(maxTitleChars, `must have at most ${maxTitleChars} characters`),
  v.regex(/^\P{Cc}*$/u, "must not hold control characters"),
);
const time = v.pipe(
  v.string(),
  v.isoTimestamp("must be a time in ISO 8601"),
  v.check((value) => Number.isFinite(Date.parse(value)), "must be a time in ISO 8601"),
);
const id = v.pipe(v.string(), v.minLength(1, "must not be empty"), v.maxLength(64, "must have at most 64 characters"));
const count = v.pipe(v.number(), v.safeInteger(), v.minValue(0));
const model = v.pipe(v.string(), v.regex(/^[^\s\p{C}/]+\/[^\s\p{C}]{1,200}$/u, "must be provider/model"));

/** The attack it stops: a link of the page that runs a script. */
const url = v.pipe(
  wellFormed,
  v.check(
    (value) => /^https?:$/.test(URL.parse(value, "http://relative.invalid")?.protocol ?? ""),
    "must be a web address",
  ),
);

const textPart = v.strictObject({ type: v.literal("text"), text: wellFormed });
const filePart = v.pipe(
  v.strictObject({ type: v.literal("file"), mediaType: wellFormed, filename: wellFormed, url: v.string() }),
  v.check((part) => isTakenFile(part), "a file must be one that can be attached, as a data: URL in base64"),
);
const toolName = v.pipe(v.string(), v.regex(/^tool-[\w-]{1,64}$/)) as v.GenericSchema<`tool-${string}`>;
const assistantPart = v.union([
  textPart,
  v.strictObject({ type: v.literal("reasoning"), text: wellFormed }),
  v.strictObject({ type: v.literal("source-url"), sourceId: wellFormed, url, title: v.exactOptional(wellFormed) }),
  v.strictObject({ type: toolName, toolCallId: wellFormed, state: v.literal("input-available"), input: v.unknown() }),
  v.strictObject({
    type: toolName,
    toolCallId: wellFormed,
    state: v.literal("output-error"),
    input: wellFormed,
    errorText: wellFormed,
  }),
]);

const metadata = v.strictObject({
  model,
  state: v.picklist(["completed", "stopped", "failed", "interrupted"]),
  code: v.exactOptional(v.picklist(generationErrorCodes)),
  finishReason: v.exactOptional(v.picklist(["stop", "length", "content-filter", "tool-calls", "other"])),
  usage: v.exactOptional(
    v.strictObject({
      inputTokens: v.exactOptional(count),
      outputTokens: v.exactOptional(count),
      reasoningTokens: v.exactOptional(count),
    }),
  ),
  durationMs: v.exactOptional(count),
  thoughtMs: v.exactOptional(count),
});

const place = { id, parentId: v.nullable(id), createdAt: time };
const message = v.variant("role", [
  v.strictObject({
    ...place,
    role: v.literal("user"),
    parts: v.pipe(v.array(v.union([textPart, filePart])), v.minLength(1, "must not be empty")),
  }),
  v.strictObject({ ...place, role: v.literal("assistant"), parts: v.array(assistantPart), metadata }),
]);

const conversation = v.pipe(
  v.strictObject({
    title,
    pinned: v.boolean(),
    systemPrompt: v.nullable(systemPrompt),
    createdAt: time,
    updatedAt: time,
    headMessageId: v.nullable(id),
    messages: v.array(message),
  }),
  v.check(
    (value) => isTree(value),
    "messages must have IDs of their own and stand after their parents, answers below questions; headMessageId must be one of them",
  ),
);

export const importSchema: v.GenericSchema<unknown, Export> = v.strictObject({
  typebar: v.literal(1, "must be 1: this is no export of Typebar, or one of a later version"),
  conversations: v.pipe(
    v.array(conversation),
    v.maxLength(maxConversations, `must have at most ${maxConversations} conversations`),
  ),
});

/** The same as of a file that is uploaded: what it is is seen by its bytes. */
function isTakenFile({ mediaType, filename, url }: FilePart): boolean {
  const file = parseDataUrl(url);
  if (!file || file.data.length > maxImageBytes) return false;
  try {
    const checked = checkFile(file.data, { filename: encodeURIComponent(filename), contentType: mediaType });
    return checked.mediaType === mediaType && checked.name === filename;
  } catch {
    return false;
  }
}

function isTree({ messages, headMessageId }: Pick<ExportedConversation, "messages" | "headMessageId">): boolean {
  const roles = new Map<string, "user" | "assistant">();
  for (const { id: messageId, parentId, role } of messages) {
    const parentRole = parentId === null ? null : roles.get(parentId);
    if (parentRole === undefined || roles.has(messageId)) return false;
    if (role === "assistant" && parentRole !== "user") return false;
    roles.set(messageId, role);
  }
  return headMessageId === null ? messages.length === 0 : roles.has(headMessageId);
}
