/** The state of one chat and the ways to change it. Used by chat.ts. */
import { emptyAnswer } from "./answer.ts";
import type { ChatState } from "./chat-state.ts";
import { createListeners } from "./listeners.ts";
import type { AssistantMessage, ChatMessage } from "./messages.ts";
import { randomKey } from "./random-key.ts";

export interface ChatStore {
  readonly state: ChatState;
  subscribe(onChange: () => void): () => void;
  change(changes: Partial<ChatState>): void;
  /** Of the answer of that key; changes nothing if it is gone. */
  changeAnswer(key: string, changes: Partial<AssistantMessage>): void;
  findAnswer(key: string): AssistantMessage | null;
  /** The newest message, if it is an answer. */
  lastAnswer(): AssistantMessage | null;
  find(key: string): ChatMessage | undefined;
  /** @returns the new message's key. */
  addAnswer(siblingIds?: readonly string[]): string;
}

export function createChatStore(conversationId: string | null): ChatStore {
  const listeners = createListeners();
  let state: ChatState = {
    conversationId,
    title: "",
    updatedAt: "",
    phase: conversationId === null ? "new" : "loading",
    messages: [],
    busy: false,
    stopping: false,
    returned: "",
    refusal: null,
    failure: null,
    connection: "idle",
  };

  function change(changes: Partial<ChatState>): void {
    state = { ...state, ...changes };
    listeners.tell();
  }

  /** From the end: it is asked with each delta of the newest answer. */
  function findPlace(key: string): number {
    return state.messages.findLastIndex((message) => message.key === key);
  }

  return {
    get state() {
      return state;
    },
    subscribe: listeners.subscribe,
    change,
    changeAnswer(key, changes) {
      const { messages } = state;
      const index = findPlace(key);
      const message = toAnswerMessage(messages[index]);
      if (message !== null) change({ messages: messages.with(index, { ...message, ...changes }) });
    },
    findAnswer: (key) => toAnswerMessage(state.messages[findPlace(key)]),
    lastAnswer: () => toAnswerMessage(state.messages.at(-1)),
    find: (key) => state.messages[findPlace(key)],
    addAnswer(siblingIds = []) {
      const key = randomKey();
      const message = {
        role: "assistant",
        key,
        answer: emptyAnswer,
        siblingIds,
        live: true,
        joined: false,
        problem: null,
      } as const;
      change({ messages: [...state.messages, message] });
      return key;
    },
  };
}

function toAnswerMessage(message: ChatMessage | undefined): AssistantMessage | null {
  return message?.role === "assistant" ? message : null;
}
