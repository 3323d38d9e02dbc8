/** Messages -> turns: a question and what answers it. Pure; what has not changed stays the same object. Used by components/TranscriptView.vue. */
import type { ChatMessage } from "@typebar/chat-client";
import { languageOf } from "./text-language.ts";

export interface Turn {
  key: string;
  messages: readonly ChatMessage[];
  /** Of the question. */
  language: string | undefined;
}

export function toTurns(messages: readonly ChatMessage[], before: readonly Turn[]): Turn[] {
  const known = new Map(before.map((turn) => [turn.key, turn]));
  const made: Turn[] = [];
  for (let from = 0; from < messages.length;) {
    let to = from + 1;
    while (to < messages.length && messages[to]?.role !== "user") to += 1;
    const own = messages.slice(from, to);
    const [first] = own;
    const key = first?.key ?? "";
    const old = known.get(key);
    const isSame =
      old?.messages.length === own.length && old.messages.every((message, index) => message === own[index]);
    const language = first?.role === "user" ? languageOf(first.text) : undefined;
    made.push(isSame ? old : { key, messages: own, language });
    from = to;
  }
  return made;
}
