/** `ai` 5, 6 and 7 side by side, each with a chat that needs no framework: what `useChat` is made of. */
import type { AbstractChat, ChatTransport, UIMessage } from "ai";

export type AiSdk = typeof import("ai");

/** Typed as the newest: what is used here has the same shape in each. */
export const aiSdks: { version: number; load: () => Promise<AiSdk> }[] = [
  { version: 5, load: async () => (await import("ai-5")) as unknown as AiSdk },
  { version: 6, load: async () => (await import("ai-6")) as unknown as AiSdk },
  { version: 7, load: () => import("ai") },
];

export type HeadlessChat = AbstractChat<UIMessage>;

/** A chat whose state is plain fields, as if it were on a page of its own. */
export function createHeadlessChat(
  sdk: AiSdk,
  init: { id: string; transport: ChatTransport<UIMessage>; messages?: UIMessage[] },
): HeadlessChat {
  const state = {
    status: "ready" as const,
    error: undefined,
    messages: init.messages ?? [],
    pushMessage: (message: UIMessage) => void (state.messages = [...state.messages, message]),
    popMessage: () => void (state.messages = state.messages.slice(0, -1)),
    replaceMessage: (index: number, message: UIMessage) => void (state.messages = state.messages.with(index, message)),
    snapshot: <Value>(value: Value): Value => structuredClone(value),
  };
  class Headless extends sdk.AbstractChat<UIMessage> {}
  return new Headless({ id: init.id, transport: init.transport, state });
}

/** What the newest message says. */
export function lastText(chat: HeadlessChat): string {
  return textOf(chat.lastMessage);
}

export function textOf(message: UIMessage | undefined): string {
  return message?.parts.map((part) => (part.type === "text" ? part.text : "")).join("") ?? "";
}
