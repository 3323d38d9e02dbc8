/** What stands in a conversation on the page, and how it follows from the stored messages. Used by thread.ts. */

import { shallowReactive } from "vue";
import type { Conversation, Message } from "@typebar/chat/protocol";
import type { ApiErrorCode } from "../api/api.ts";
import { isRunning, toAnswer } from "./answer.ts";
import type { Answer } from "./answer.ts";
import type { StreamSource } from "./follow-stream.ts";

export interface UserEntry {
  readonly role: "user";
  /** Names the message on this page; stays the same when the server gives it an ID. */
  readonly key: string;
  readonly text: string;
}

export interface AnswerEntry {
  readonly role: "assistant";
  readonly key: string;
  answer: Answer;
  /** Asked for or followed on this page, so that it is typed and keeps its place. */
  live: boolean;
  /** It was running already when the page came: what is there is shown at once. */
  joined: boolean;
  /** The request was refused, or nobody could be asked: no answer has begun. */
  problem: ApiErrorCode | null;
  /** What was asked, to ask for the very same again: the server then answers once, even if it had heard it. */
  source: StreamSource | null;
}

export type Entry = UserEntry | AnswerEntry;

export function createAnswerEntry(
  key: string,
  answer: Answer,
  { live, joined }: { live: boolean; joined: boolean },
): AnswerEntry {
  return shallowReactive({ role: "assistant", key, answer, live, joined, problem: null, source: null });
}

/** Entries that show these messages already stay what they are, so that nothing is drawn anew. */
export function toEntries({ id, messages }: Conversation, before: readonly Entry[]): Entry[] {
  return messages.map((message, index) => {
    const old = before[index];
    if (message.role === "user") {
      const text = message.parts.map((part) => (part.type === "text" ? part.text : "")).join("\n");
      return old?.role === "user" && old.text === text ? old : { role: "user", key: message.id, text };
    }
    const answer = toAnswer(message, id);
    if (old?.role === "assistant" && old.answer.messageId === message.id) {
      old.answer = answer;
      return old;
    }
    const joined = isRunning(answer.state);
    return createAnswerEntry(message.id, answer, { live: joined, joined });
  });
}

/** Whether the server knows other messages than the page shows; keys made here do not count as others. */
export function hasChanged(entries: readonly Entry[], messages: readonly Message[]): boolean {
  if (entries.length !== messages.length) return true;
  const last = entries.at(-1);
  const stored = messages.at(-1);
  if (last?.role !== "assistant" || stored === undefined) return last?.role !== stored?.role;
  return last.answer.messageId !== stored.id || last.answer.state !== stored.metadata?.state;
}
