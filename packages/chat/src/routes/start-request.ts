/** Bodies and queries that start an answer -> one checked request. Called by routes/chat. */
import { createHash } from "node:crypto";
import * as v from "valibot";
import { idPattern } from "../ids.ts";
import { mostAttachments, type Trigger } from "../protocol.ts";
import { attachmentIdOf } from "../store/attachments.ts";
import type { Edit } from "../store/edit.ts";
import { ProblemError } from "./problem.ts";

/** What a start asks for, whichever way it was said. */
export interface StartRequest {
  trigger: Trigger;
  conversationId: string | undefined;
  /** An unknown conversation is made instead of refused: the AI SDK chooses its IDs itself. */
  createConversation: boolean;
  text: string | undefined;
  messageId: string | undefined;
  /** Of files that go along. */
  attachmentIds: string[];
  model: string | undefined;
  /** Keys that the body itself holds. */
  keys: string[];
  /** The message that is sent again, perhaps with another text. */
  edit: Edit | undefined;
  /** The same for the same request, however it was sent. */
  hash: string;
}

const maxMessageChars = 100_000;

const id = v.pipe(v.string(), v.regex(idPattern, "must be 1 to 64 characters of A-Z, a-z, 0-9, _ and -"));
const model = v.pipe(
  v.string(),
  v.regex(/^[^\s\p{C}]{1,200}$/u, "must be 1 to 200 characters without spaces and control characters"),
);
const text = v.pipe(
  v.string(),
  v.maxLength(maxMessageChars, `must have at most ${maxMessageChars} characters`),
  v.check((value) => value.isWellFormed(), "must be well-formed Unicode"),
);
const attachmentIds = v.pipe(
  v.array(id),
  v.maxLength(mostAttachments, `must be at most ${mostAttachments}`),
  v.check((ids) => new Set(ids).size === ids.length, "must not name a file twice"),
);
const trigger = v.picklist(["submit-message", "regenerate-message", "continue-message"]);

const ownBody = v.strictObject({
  message: v.optional(text),
  attachmentIds: v.optional(attachmentIds, []),
  conversationId: v.optional(id),
  model: v.optional(model),
  trigger: v.optional(trigger, "submit-message"),
  messageId: v.optional(id),
});

const aiSdkBody = v.object({
  id,
  messages: v.array(v.unknown()),
  trigger: v.optional(trigger, "submit-message"),
  messageId: v.optional(id),
  model: v.optional(model),
});

const aiSdkMessage = v.object({
  // It becomes a key, and a key is compared in the database: NUL and half characters could not be stored there as they are.
  id: v.optional(
    v.pipe(v.string(), v.regex(/^[^\p{Cc}\p{Cs}]{1,200}$/u, "must be 1 to 200 characters without control characters")),
  ),
  role: v.literal("user", "must be user"),
  parts: v.array(v.looseObject({ type: v.string() })),
});

const aiSdkTextPart = v.object({ type: v.literal("text"), text: v.string() });

/** @throws {ProblemError} "bad-request". */
export function parseStartBody(body: unknown): StartRequest {
  return typeof body === "object" && body !== null && "messages" in body ? parseAiSdkBody(body) : parseOwnBody(body);
}

/** The same from the query of a GET. @throws {ProblemError} "bad-request". */
export function parseStartQuery(query: Readonly<Record<string, string>>): StartRequest {
  const { key: _key, lastEventId: _lastEventId, attachmentIds: ids, ...body } = query;
  return parseOwnBody(ids === undefined ? body : { ...body, attachmentIds: ids.split(",") });
}

/** `Idempotency-Key` or `?key=`. @throws {ProblemError} "bad-request". */
export function parseKey(key: string | undefined): string[] {
  if (key === undefined) return [];
  if (!/^[!-~]{1,128}$/.test(key)) {
    throw new ProblemError("bad-request", {
      detail: "The key must be 1 to 128 printable ASCII characters without space.",
    });
  }
  return [`key:${key}`];
}

function parseOwnBody(body: unknown): StartRequest {
  const parsed = check(ownBody, body);
  const submits = parsed.trigger === "submit-message";
  const { message, attachmentIds: files } = parsed;
  if (submits && message === undefined && files.length === 0) throw badRequest("message is needed");
  if (message?.trim() === "" && files.length === 0) throw badRequest("message: must not be empty");
  if (!submits && files.length > 0) throw badRequest(`attachmentIds do not go with ${parsed.trigger}`);
  if (!submits && parsed.message !== undefined) throw badRequest(`message does not go with ${parsed.trigger}`);
  if (!submits && parsed.conversationId === undefined) throw badRequest("conversationId is needed");
  const { messageId } = parsed;
  if (messageId !== undefined && parsed.conversationId === undefined) throw badRequest("conversationId is needed");
  const start = withHash({
    trigger: parsed.trigger,
    conversationId: parsed.conversationId,
    createConversation: false,
    text: submits ? (message ?? "") : undefined,
    messageId,
    attachmentIds: files,
    model: parsed.model,
    keys: [],
  });
  return submits && messageId !== undefined ? { ...start, edit: { messageId, key: undefined } } : start;
}

function parseAiSdkBody(body: unknown): StartRequest {
  const parsed = check(aiSdkBody, body);
  const request = {
    trigger: parsed.trigger,
    conversationId: parsed.id,
    createConversation: true,
    messageId: parsed.messageId,
    attachmentIds: [],
    model: parsed.model,
  };
  if (parsed.trigger !== "submit-message") return withHash({ ...request, text: undefined, keys: [] });
  const last = check(aiSdkMessage, parsed.messages.at(-1), "the last of messages");
  const joined = last.parts.flatMap((part) =>
    part.type === "text" ? [check(aiSdkTextPart, part, "a text part").text] : [],
  );
  const files = last.parts.flatMap((part) =>
    part.type === "file" && "url" in part && typeof part["url"] === "string" ? (attachmentIdOf(part["url"]) ?? []) : [],
  );
  const keys = last.id === undefined ? [] : [`message:${parsed.id}:${last.id}`];
  const start = withHash({
    ...request,
    messageId: undefined,
    attachmentIds: check(attachmentIds, files, "the files"),
    text: check(text, joined.join("\n"), "the text"),
    keys,
  });
  if (start.text?.trim() === "" && files.length === 0) throw badRequest("the text: must not be empty");
  const [key] = keys;
  // The same message and text give the same hash, whether it is said that it was sent before or not.
  const isEdit = key !== undefined && parsed.messageId !== undefined && parsed.messageId === last.id;
  return isEdit ? { ...start, keys: [], edit: { messageId: last.id ?? "", key } } : start;
}

function withHash(request: Omit<StartRequest, "hash" | "edit">): StartRequest {
  const { trigger, conversationId, text, messageId, attachmentIds, model, keys } = request;
  // Without files it is what it was before there were any: a repeated request is known after an update, too.
  const files = attachmentIds.length === 0 ? [] : [attachmentIds];
  const identity = JSON.stringify([trigger, conversationId, text, messageId, model, keys, ...files]);
  return { ...request, edit: undefined, hash: createHash("sha256").update(identity).digest("base64url") };
}

/** @throws {ProblemError} "bad-request", naming the first thing that is wrong. */
export function check<S extends v.GenericSchema>(schema: S, value: unknown, name?: string): v.InferOutput<S> {
  const result = v.safeParse(schema, value);
  if (result.success) return result.output;
  const [issue] = result.issues;
  const path = v.getDotPath(issue) ?? undefined;
  throw badRequest([name, path, issue.message].filter((part) => part !== undefined).join(": "));
}

function badRequest(detail: string): ProblemError {
  return new ProblemError("bad-request", { detail });
}
