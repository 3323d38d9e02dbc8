/** A chat as a React hook. Thin: what it does is in ../chat.ts. */
import { useEffect, useRef, useState, useSyncExternalStore } from "react";
import { createChat } from "../chat.ts";
import type { Chat, ChatOptions } from "../chat.ts";
import type { ChatActions, ChatState } from "../chat-state.ts";

export type UseChatOptions =
  /** A chat made elsewhere, which lives longer than the component: it is neither loaded nor closed here. */
  | { chat: Chat }
  /** A chat of this component's own: read when it is mounted, closed when it is unmounted. Keep `client` outside of components. */
  | ChatOptions;

export interface UseChat extends ChatActions {
  readonly state: ChatState;
}

export function useChat(options: UseChatOptions): UseChat {
  const given = "chat" in options ? options.chat : null;
  const own = useOwnChat("chat" in options ? null : options);
  const chat = given ?? own;
  if (chat === null) throw new TypeError("A chat or a client is needed");
  const state = useSyncExternalStore(chat.subscribe, chat.getState, chat.getState);
  const { getState: _getState, subscribe: _subscribe, close: _close, ...actions } = chat;
  return { state, ...actions };
}

/** The chat of the wanted conversation: the same one as long as it is that conversation. */
function useOwnChat(given: ChatOptions | null): Chat | null {
  // The callback of the last render, so that a chat that lives longer calls no old one.
  const latest = useRef(given);
  useEffect(() => {
    latest.current = given;
  });
  const options = given && { ...given, onChanged: () => latest.current?.onChanged?.() };
  const [held, hold] = useState(() => make(options));
  let { chat } = held;
  if (held.client !== options?.client || held.conversationId !== (options?.conversationId ?? null)) {
    // The conversation that has just begun got its name: it is here already.
    const isHere = held.client === options?.client && chat?.getState().conversationId === options?.conversationId;
    const next = make(options, isHere ? chat : null);
    hold(next);
    ({ chat } = next);
  }
  useEffect(() => {
    void chat?.load();
    return () => chat?.close();
  }, [chat]);
  return chat;
}

interface Held {
  client: ChatOptions["client"] | undefined;
  conversationId: string | null;
  chat: Chat | null;
}

function make(options: ChatOptions | null, chat: Chat | null = null): Held {
  return {
    client: options?.client,
    conversationId: options?.conversationId ?? null,
    chat: chat ?? (options === null ? null : createChat(options)),
  };
}
