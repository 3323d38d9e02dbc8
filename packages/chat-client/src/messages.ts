/** What stands in a chat, and how it follows from the stored messages. Pure; used by chat.ts. */
import type { Conversation, FilePart, Message } from "@typebar/chat/protocol";
import { isRunning, toAnswer } from "./answer.ts";
import type { Answer } from "./answer.ts";
import type { ChatErrorCode } from "./errors.ts";

export interface UserMessage {
  readonly role: "user";
  /** Names the message in this chat; stays the same when the server gives it an ID. */
  readonly key: string;
  /** The server's ID; `null` as long as it is not known here. */
  readonly id: string | null;
  readonly text: string;
  readonly files: readonly FilePart[];
  /** IDs of the messages that stand beside it, its own among them once it is known; empty if it stands alone. */
  readonly siblingIds: readonly string[];
}

export interface AssistantMessage {
  readonly role: "assistant";
  readonly key: string;
  readonly answer: Answer;
  /** IDs of the answers to the same question, its own among them once it is known; empty if it is the only one. */
  readonly siblingIds: readonly string[];
  /** Asked for or followed in this chat. */
  readonly live: boolean;
  /** It was running already when this chat came to it: what is there need not be typed. */
  readonly joined: boolean;
  /** The request was refused, or nobody could be asked: no answer has begun, or what became of it is not known. */
  readonly problem: ChatErrorCode | null;
}

/** As a chat shows it. Never changed: a message that changes is a new object under the same key. */
export type ChatMessage = UserMessage | AssistantMessage;

/** Which of several messages at one place is shown. */
export interface Branch {
  /** From 1. */
  readonly at: number;
  readonly count: number;
  /** The messages to step to; `null` at either end. */
  readonly previousId: string | null;
  readonly nextId: string | null;
}

const noSiblings: readonly string[] = [];

export function idOf(message: ChatMessage): string | null {
  return message.role === "user" ? message.id : message.answer.messageId;
}

/** `null` for a message that stands alone. */
export function branchOf(message: ChatMessage): Branch | null {
  const { siblingIds } = message;
  const found = siblingIds.indexOf(idOf(message) ?? "");
  // One that has no ID yet is the newest.
  const index = found === -1 ? siblingIds.length : found;
  const count = found === -1 ? siblingIds.length + 1 : siblingIds.length;
  if (count < 2) return null;
  return { at: index + 1, count, previousId: siblingIds[index - 1] ?? null, nextId: siblingIds[index + 1] ?? null };
}

/** The siblings of a message that is about to stand beside this one. */
export function siblingsBeside(message: ChatMessage): readonly string[] {
  if (message.siblingIds.length > 0) return message.siblingIds;
  const id = idOf(message);
  return id === null ? noSiblings : [id];
}

/** What has not changed stays the same object, under the same key, so that nothing is drawn anew. */
export function toMessages({ id, messages }: Conversation, before: readonly ChatMessage[]): ChatMessage[] {
  const byId = new Map(before.map((message) => [idOf(message), message]));
  return messages.map((message, index) => {
    const old = byId.get(message.id) ?? unnamed(before[index]);
    return message.role === "user" ? toUserMessage(message, old) : toAssistantMessage(message, id, old);
  });
}

/** A question that did not come to the server stays below what is stored, with the way to ask it again. */
export function withUnsent(messages: ChatMessage[], before: readonly ChatMessage[]): ChatMessage[] {
  const unsent = before.slice(-2);
  const [question, answer] = unsent;
  const isUnsent =
    question?.role === "user" && question.id === null && answer?.role === "assistant" && answer.problem !== null;
  const last = messages.at(-1);
  const above = before.at(-3);
  if (!isUnsent || answer.answer.messageId !== null) return messages;
  return (last && idOf(last)) === (above && idOf(above)) ? [...messages, ...unsent] : messages;
}

/** At this place only what has no ID yet can be the stored message. */
function unnamed(message: ChatMessage | undefined): ChatMessage | undefined {
  return message !== undefined && idOf(message) === null ? message : undefined;
}

function toUserMessage(message: Message, old: ChatMessage | undefined): UserMessage {
  const text = message.parts.flatMap((part) => (part.type === "text" ? [part.text] : [])).join("\n");
  const files = message.parts.filter((part) => part.type === "file");
  const siblingIds = message.siblingIds ?? noSiblings;
  if (old?.role !== "user" || old.text !== text)
    return { role: "user", key: message.id, id: message.id, text, files, siblingIds };
  return old.id === message.id && isSame(old.siblingIds, siblingIds) ? old : { ...old, id: message.id, siblingIds };
}

function toAssistantMessage(message: Message, conversationId: string, old: ChatMessage | undefined): AssistantMessage {
  const siblingIds = message.siblingIds ?? noSiblings;
  const answer = toAnswer(message, conversationId);
  if (old?.role !== "assistant" || old.answer.messageId !== message.id) {
    const joined = isRunning(answer.state);
    return { role: "assistant", key: message.id, answer, siblingIds, live: joined, joined, problem: null };
  }
  const isKnown = old.answer.state === answer.state && old.answer.durationMs === answer.durationMs;
  if (isKnown && isSame(old.siblingIds, siblingIds)) return old;
  return { ...old, answer: isKnown ? old.answer : answer, siblingIds };
}

function isSame(a: readonly string[], b: readonly string[]): boolean {
  return a.length === b.length && a.every((id, index) => id === b[index]);
}
