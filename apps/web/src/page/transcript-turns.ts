/**
 * Messages -> turns: a question and what answers it. Pure; what has not changed stays the same object, and costs a
 * comparison, so that a long conversation is answered as fast as a short one. Used by components/TranscriptView.vue.
 */
import type { ChatMessage } from "@typebar/chat-client";
import { languageOf } from "./text-language.ts";

export interface Turn {
  key: string;
  messages: readonly ChatMessage[];
  /** Of the question. */
  language: string | undefined;
}

export function toTurns(messages: readonly ChatMessage[], before: readonly Turn[]): Turn[] {
  const kept = countKept(messages, before);
  const made = before.slice(0, kept.turns);
  const known = new Map(before.slice(kept.turns).map((turn) => [turn.key, turn]));
  for (let from = kept.messages; from < messages.length;) {
    let to = from + 1;
    while (to < messages.length && messages[to]?.role !== "user") to += 1;
    const own = messages.slice(from, to);
    const [first] = own;
    const key = first?.key ?? "";
    const old = known.get(key);
    const isSame =
      old?.messages.length === own.length && old.messages.every((message, index) => message === own[index]);
    made.push(isSame ? old : { key, messages: own, language: toLanguage(first, old) });
    from = to;
  }
  return made;
}

function toLanguage(question: ChatMessage | undefined, old: Turn | undefined): Turn["language"] {
  if (old !== undefined && question === old.messages[0]) return old.language;
  return question?.role === "user" ? languageOf(question.text) : undefined;
}

/** How many turns stand unchanged at the beginning, and the messages in them. */
function countKept(messages: readonly ChatMessage[], before: readonly Turn[]): { turns: number; messages: number } {
  let [turns, from] = [0, 0];
  for (const turn of before) {
    for (const [index, message] of turn.messages.entries()) {
      if (messages[from + index] !== message) return { turns, messages: from };
    }
    const next = messages[from + turn.messages.length];
    // It goes on.
    if (next !== undefined && next.role !== "user") break;
    turns += 1;
    from += turn.messages.length;
  }
  return { turns, messages: from };
}
