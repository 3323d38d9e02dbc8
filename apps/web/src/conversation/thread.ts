/**
 * One conversation on the page: its messages, the answer that is being typed, and what the reader can do. It goes on
 * while the reader looks at another conversation. Made by threads.ts, shown by components/ChatPage.vue.
 */

import { shallowReactive } from "vue";
import type { EventStream } from "@typebar/client";
import type { ChatRequest } from "@typebar/chat/protocol";
import { ApiError } from "../api/api.ts";
import type { Api } from "../api/api.ts";
import type { WireLog } from "../wire/wire-log.ts";
import { emptyAnswer, isRunning, textOf, toAnswer } from "./answer.ts";
import type { Answer } from "./answer.ts";
import { createAnswerEntry, hasChanged, toEntries } from "./entries.ts";
import type { AnswerEntry, Entry } from "./entries.ts";
import { followStream } from "./follow-stream.ts";
import type { StreamSource } from "./follow-stream.ts";

export interface Thread {
  readonly key: string;
  readonly state: ThreadState;
  load(): Promise<void>;
  /** Asks the server for what other devices did meanwhile; says nothing where that fails. */
  refresh(): Promise<void>;
  send(text: string, model: string | null): Promise<void>;
  regenerate(model: string | null): Promise<void>;
  continue(): Promise<void>;
  stop(): Promise<void>;
  retryNow(): void;
  close(): void;
}

export interface ThreadState {
  id: string | null;
  title: string;
  phase: "new" | "loading" | "ready" | "missing" | "unreachable";
  entries: Entry[];
  /** An answer is on its way. */
  busy: boolean;
  stopping: boolean;
  /** A message that the server did not take, to be put back where it was written. */
  returned: string;
  /** `reconnecting` as soon as the connection is lost; the page waits a second before it says so. */
  connection: "idle" | "connecting" | "open" | "reconnecting";
}

export interface ThreadOptions {
  key: string;
  id: string | null;
  api: Api;
  wire: WireLog;
  now(): number;
  /** Makes keys that do not repeat. */
  randomKey(): string;
  /** A conversation has begun, or its answer has ended: the list may have changed. */
  onChanged(thread: Thread): void;
  /** The server wants a password. */
  onUnauthorized(): void;
}

export function createThread(options: ThreadOptions): Thread {
  const { api, wire, now, randomKey } = options;
  const state: ThreadState = shallowReactive({
    id: options.id,
    title: "",
    phase: options.id === null ? "new" : "loading",
    entries: shallowReactive([]),
    busy: false,
    stopping: false,
    returned: "",
    connection: "idle",
  });
  let stream: EventStream | null = null;
  let running: AbortController | null = null;

  function addAnswer(): AnswerEntry {
    const entry = createAnswerEntry(randomKey(), emptyAnswer, { live: true, joined: false });
    state.entries.push(entry);
    return entry;
  }

  /** Until the answer is whole, was stopped here, or the server said no. */
  async function run(entry: AnswerEntry, source: StreamSource): Promise<void> {
    entry.source = source;
    entry.problem = null;
    const abort = new AbortController();
    running = abort;
    state.busy = true;
    state.stopping = false;
    state.connection = "connecting";
    try {
      const answer = await followStream({
        source,
        answer: entry.answer,
        signal: abort.signal,
        wire,
        now,
        onStream: (opened) => (stream = opened),
        onAnswer: (next) => show(entry, next),
        onConnection: ({ name }) => {
          if (name === "open") state.connection = "open";
          else if (name === "waiting") state.connection = "reconnecting";
        },
      });
      if (!answer.closed && !abort.signal.aborted) await askServer(entry);
    } catch (error) {
      await fail(entry, error);
    } finally {
      if (running === abort) {
        running = null;
        stream = null;
        state.busy = false;
        state.stopping = false;
        state.connection = "idle";
      }
    }
    options.onChanged(thread);
    if (entry.problem === "conversation-busy") await giveWay(entry, source);
  }

  /** Another device has asked meanwhile: its question and answer are shown, and what was written here goes back. */
  async function giveWay(entry: AnswerEntry, source: StreamSource): Promise<void> {
    if ("request" in source && source.request.message !== undefined) {
      state.entries.splice(state.entries.indexOf(entry) - 1, 2);
      state.returned = source.request.message;
    }
    await thread.refresh();
  }

  function show(entry: AnswerEntry, answer: Answer): void {
    const begins = entry.answer.generationId === null && answer.generationId !== null;
    entry.answer = answer;
    if (!begins) return;
    if (state.id === null && answer.conversationId !== null) {
      state.id = answer.conversationId;
      state.phase = "ready";
    }
    options.onChanged(thread);
    if (state.stopping) void thread.stop();
  }

  /** Before anything is called lost, the server is asked what became of it. */
  async function askServer(entry: AnswerEntry): Promise<void> {
    if (state.id === null) {
      entry.problem = "network";
      return;
    }
    const conversation = await api.readConversation(state.id);
    const stored = conversation.messages.find((message) => message.id === entry.answer.messageId);
    if (stored === undefined || conversation.generationId !== null) {
      entry.problem = "network";
      return;
    }
    entry.answer = toAnswer(stored, conversation.id);
  }

  async function fail(entry: AnswerEntry, error: unknown): Promise<void> {
    const problem = error instanceof ApiError ? error : new ApiError("internal", String(error), null, error);
    if (problem.code === "unauthorized") options.onUnauthorized();
    entry.problem = problem.code;
    if (isRunning(entry.answer.state) && entry.answer.messageId !== null) await askServer(entry).catch(() => undefined);
  }

  async function read(): Promise<void> {
    if (state.id === null) return;
    const conversation = await api.readConversation(state.id);
    if (state.busy) return;
    state.title = conversation.title;
    if (hasChanged(state.entries, conversation.messages)) {
      state.entries.splice(0, state.entries.length, ...toEntries(conversation, state.entries));
    }
    state.phase = "ready";
    const last = state.entries.at(-1);
    if (conversation.generationId !== null && last?.role === "assistant") {
      last.live = true;
      void run(last, { generationId: conversation.generationId });
    }
  }

  function lastAnswer(): AnswerEntry | null {
    const last = state.entries.at(-1);
    return last?.role === "assistant" ? last : null;
  }

  function request(parts: ChatRequest, model: string | null): StreamSource {
    const request: ChatRequest = { ...parts };
    if (state.id !== null) request.conversationId = state.id;
    if (model !== null) request.model = model;
    return { request, key: randomKey() };
  }

  function askAgain(entry: AnswerEntry, source: StreamSource, model: string | null): StreamSource {
    const isRefused = entry.problem === "unknown-model" || entry.problem === "key-reused";
    return isRefused && "request" in source ? request({ message: source.request.message ?? "" }, model) : source;
  }

  const thread: Thread = {
    key: options.key,
    state,
    async load() {
      if (state.id === null || state.phase === "ready" || state.busy) return;
      state.phase = "loading";
      try {
        await read();
      } catch (error) {
        state.phase = error instanceof ApiError && error.code === "not-found" ? "missing" : "unreachable";
      }
    },
    async refresh() {
      if (state.busy || state.phase !== "ready") return;
      await read().catch(() => undefined);
    },
    async send(text, model) {
      if (state.busy) return;
      state.entries.push({ role: "user", key: randomKey(), text });
      if (state.phase === "new") state.phase = "ready";
      await run(addAnswer(), request({ message: text }, model));
    },
    async regenerate(model) {
      const old = lastAnswer();
      if (old === null || state.busy) return;
      const { messageId } = old.answer;
      if (messageId !== null) {
        state.entries.pop();
        await run(addAnswer(), request({ trigger: "regenerate-message", messageId }, model));
      } else if (old.source !== null) {
        await run(old, askAgain(old, old.source, model));
      }
    },
    async continue() {
      const entry = lastAnswer();
      if (entry === null || state.busy || entry.answer.messageId === null) return;
      const { messageId } = entry.answer;
      const kept = entry.answer;
      entry.live = true;
      // The new message begins with the text of the old one: the entry stays and its text goes on.
      entry.answer = { ...emptyAnswer, parts: kept.parts, sources: kept.sources };
      await run(entry, request({ trigger: "continue-message", messageId }, null));
      if (entry.problem !== null && textOf(entry.answer) === textOf(kept)) entry.answer = kept;
    },
    async stop() {
      if (!state.busy) return;
      state.stopping = true;
      const generationId = lastAnswer()?.answer.generationId ?? null;
      if (generationId !== null) {
        await api.stopGeneration(generationId).catch(() => (state.stopping = false));
      } else if (state.connection === "reconnecting") {
        running?.abort();
        const entry = lastAnswer();
        if (entry !== null) entry.problem = "network";
      }
    },
    retryNow: () => stream?.retryNow(),
    close: () => running?.abort(),
  };
  return thread;
}
