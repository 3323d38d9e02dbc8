/** A chat as a Vue composable. Thin: what it does is in ../chat.ts. */
import { getCurrentInstance, getCurrentScope, onMounted, onScopeDispose, shallowReactive, toValue, watch } from "vue";
import type { MaybeRefOrGetter } from "vue";
import { createChat } from "../chat.ts";
import type { Chat, ChatOptions } from "../chat.ts";
import type { ChatActions, ChatState } from "../chat-state.ts";

export type UseChatOptions =
  /** A chat made elsewhere, which lives longer than the component: it is neither loaded nor closed here. */
  | { chat: Chat }
  /** A chat of this component's own: read when it is mounted, closed with its scope. */
  | (Omit<ChatOptions, "conversationId"> & { conversationId?: MaybeRefOrGetter<string | null> });

export interface UseChat extends ChatActions {
  /** Reactive; each message is a plain object that is replaced when it changes. */
  readonly state: Readonly<ChatState>;
}

/** Call it in `setup`, or in an effect scope. */
export function useChat(options: UseChatOptions): UseChat {
  let chat = "chat" in options ? options.chat : createChat({ ...options, conversationId: wanted() });
  const state = shallowReactive({ ...chat.getState() });
  let unsubscribe = listen();

  function wanted(): string | null {
    return "chat" in options ? null : (toValue(options.conversationId) ?? null);
  }

  function listen(): () => void {
    return chat.subscribe(() => Object.assign(state, chat.getState()));
  }

  function letGo(): void {
    unsubscribe();
    if (!("chat" in options)) chat.close();
  }

  function show(conversationId: string | null): void {
    // The conversation that has just begun got its name: it is here already.
    if ("chat" in options || conversationId === chat.getState().conversationId) return;
    letGo();
    chat = createChat({ ...options, conversationId });
    unsubscribe = listen();
    Object.assign(state, chat.getState());
    void chat.load();
  }

  if (!("chat" in options)) {
    watch(wanted, show);
    if (getCurrentInstance() === null) void chat.load();
    else onMounted(() => void chat.load());
  }
  if (getCurrentScope() !== undefined) onScopeDispose(letGo);

  return {
    state,
    load: () => chat.load(),
    refresh: () => chat.refresh(),
    send: (text, ask) => chat.send(text, ask),
    edit: (key, text, ask) => chat.edit(key, text, ask),
    choose: (messageId) => chat.choose(messageId),
    remove: (key) => chat.remove(key),
    regenerate: (ask) => chat.regenerate(ask),
    continue: () => chat.continue(),
    stop: () => chat.stop(),
    retryNow: () => chat.retryNow(),
    setInView: (inView) => chat.setInView(inView),
    takeReturned: () => chat.takeReturned(),
  };
}
