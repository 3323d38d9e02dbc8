/** Bodies and queries that start an answer -> one checked request. Called by routes/chat. */
import { createHash } from "node:crypto";
import * as v from "valibot";
import { idPattern } from "../ids.ts";
import type { Trigger } from "../protocol.ts";
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
  v.check((value) => value.trim() !== "", "must not be empty"),
  v.check((value) => value.isWellFormed(), "must be well-formed Unicode"),
);
const trigger = v.picklist(["submit-message", "regenerate-message", "continue-message"]);

const ownBody = v.strictObject({
  message: v.optional(text),
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
  const { key: _key, lastEventId: _lastEventId, ...body } = query;
  return parseOwnBody(body);
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
  if (submits && parsed.message === undefined) throw badRequest("message is needed");
  if (!submits && parsed.message !== undefined) throw badRequest(`message does not go with ${parsed.trigger}`);
  if (!submits && parsed.conversationId === undefined) throw badRequest("conversationId is needed");
  const { messageId } = parsed;
  if (messageId !== undefined && parsed.conversationId === undefined) throw badRequest("conversationId is needed");
  const start = withHash({
    trigger: parsed.trigger,
    conversationId: parsed.conversationId,
    createConversation: false,
    text: parsed.message,
    messageId,
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
    model: parsed.model,
  };
  if (parsed.trigger !== "submit-message") return withHash({ ...request, text: undefined, keys: [] });
  const last = check(aiSdkMessage, parsed.messages.at(-1), "the last of messages");
  const joined = last.parts.flatMap((part) =>
    part.type === "text" ? [check(aiSdkTextPart, part, "a text part").text] : [],
  );
  const keys = last.id === undefined ? [] : [`message:${parsed.id}:${last.id}`];
  const start = withHash({ ...request, messageId: undefined, text: check(text, joined.join("\n"), "the text"), keys });
  const [key] = keys;
  // The same message and text give the same hash, whether it is said that it was sent before or not.
  const isEdit = key !== undefined && parsed.messageId !== undefined && parsed.messageId === last.id;
  return isEdit ? { ...start, keys: [], edit: { messageId: last.id ?? "", key } } : start;
}

function withHash(request: Omit<StartRequest, "hash" | "edit">): StartRequest {
  const { trigger, conversationId, text, messageId, model, keys } = request;
  const identity = JSON.stringify([trigger, conversationId, text, messageId, model, keys]);
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
