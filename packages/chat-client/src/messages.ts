/** What stands in a chat, and how it follows from the stored messages. Pure; used by chat.ts. */
import type { Conversation, Message } from "@typebar/chat/protocol";
import { isRunning, toAnswer } from "./answer.ts";
import type { Answer } from "./answer.ts";
import type { ChatErrorCode } from "./errors.ts";

export interface UserMessage {
  readonly role: "user";
  /** Names the message in this chat; stays the same when the server gives it an ID. */
  readonly key: string;
  readonly text: string;
}

export interface AssistantMessage {
  readonly role: "assistant";
  readonly key: string;
  readonly answer: Answer;
  /** Asked for or followed in this chat. */
  readonly live: boolean;
  /** It was running already when this chat came to it: what is there need not be typed. */
  readonly joined: boolean;
  /** The request was refused, or nobody could be asked: no answer has begun, or what became of it is not known. */
  readonly problem: ChatErrorCode | null;
}

/** As a chat shows it. Never changed: a message that changes is a new object under the same key. */
export type ChatMessage = UserMessage | AssistantMessage;

/** Messages that show the stored ones already keep their keys, so that nothing is drawn anew. */
export function toMessages({ id, messages }: Conversation, before: readonly ChatMessage[]): ChatMessage[] {
  return messages.map((message, index) => {
    const old = before[index];
    if (message.role === "user") {
      const text = message.parts.map((part) => (part.type === "text" ? part.text : "")).join("\n");
      return old?.role === "user" && old.text === text ? old : { role: "user", key: message.id, text };
    }
    const answer = toAnswer(message, id);
    if (old?.role === "assistant" && old.answer.messageId === message.id) return { ...old, answer };
    const joined = isRunning(answer.state);
    return { role: "assistant", key: message.id, answer, live: joined, joined, problem: null };
  });
}

/** Whether the server knows other messages than the chat shows; keys made here do not count as others. */
export function hasChanged(shown: readonly ChatMessage[], stored: readonly Message[]): boolean {
  if (shown.length !== stored.length) return true;
  const last = shown.at(-1);
  const newest = stored.at(-1);
  if (last?.role !== "assistant" || newest === undefined) return last?.role !== newest?.role;
  return last.answer.messageId !== newest.id || last.answer.state !== newest.metadata?.state;
}
