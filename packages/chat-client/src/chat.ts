/**
 * One conversation as its reader sees it: messages, the answer that is being written, and what can be done. Belongs to
 * no framework; vue/ and react/ hand it on.
 */
import type { Attachment, ChatRequest, FilePart } from "@typebar/chat/protocol";
import { emptyAnswer, isRunning, textOf, toAnswer } from "./answer.ts";
import type { Answer } from "./answer.ts";
import type { ChatClient } from "./chat-client.ts";
import type { AskOptions, ChatActions, ChatState } from "./chat-state.ts";
import { createChatStore } from "./chat-store.ts";
import { toChatError } from "./errors.ts";
import type { ChatErrorCode } from "./errors.ts";
import type { GenerationHandle } from "./generation-handle.ts";
import { idOf, siblingsBeside, toMessages, withUnsent } from "./messages.ts";
import type { AssistantMessage, ChatMessage, UserMessage } from "./messages.ts";
import { randomKey } from "./random-key.ts";

export interface Chat extends ChatActions {
  getState(): ChatState;
  /** @returns a function that ends the subscription. */
  subscribe(onChange: () => void): () => void;
  /** Stops reading; what is being written goes on at the server. `load` opens the chat again. */
  close(): void;
}

export interface ChatOptions {
  client: ChatClient;
  /** `null`: a conversation that is about to begin. @defaultValue null */
  conversationId?: string | null;
  /** A conversation has begun, or its answer has ended: a list of conversations may have changed. */
  onChanged?: () => void;
}

/** What an answer came from. The request with its key is kept to ask for the very same again. */
type Origin = { request: ChatRequest; key: string } | { generationId: string };

/** With these the same message would be refused again: it goes back to its writer. */
const returningCodes: ReadonlySet<ChatErrorCode | null> = new Set([
  "conversation-busy",
  "bad-request",
  "body-too-large",
]);

interface Run {
  readonly messageKey: string;
  readonly handle: GenerationHandle;
  abandoned: boolean;
}

export function createChat({ client, conversationId = null, onChanged }: ChatOptions): Chat {
  const store = createChatStore(conversationId);
  const { change, changeAnswer, findAnswer, lastAnswer } = store;
  const origins = new Map<string, Origin>();
  let run: Run | null = null;
  let closed = false;
  /** The first reading, while it goes on: who asks for it again waits for the same. */
  let loading: Promise<void> | null = null;
  let inView = true;

  /** Until the answer is whole, was let go here, or the server said no. */
  async function follow(messageKey: string, origin: Origin): Promise<void> {
    origins.set(messageKey, origin);
    const answer = findAnswer(messageKey)?.answer ?? emptyAnswer;
    const handle =
      "generationId" in origin
        ? client.follow(origin.generationId, { answer })
        : client.start(origin.request, { key: origin.key, answer });
    handle.setInView(inView);
    const current: Run = { messageKey, handle, abandoned: false };
    run = current;
    change({ busy: true, stopping: false, connection: "connecting" });
    if ("request" in origin) change({ refusal: null, failure: null });
    changeAnswer(messageKey, { problem: null });
    const unsubscribe = handle.subscribe(() => show(current));
    try {
      const last = await handle.done;
      if (!last.closed && !current.abandoned) await askServer(messageKey);
    } catch (error) {
      await fail(messageKey, error);
    }
    unsubscribe();
    const refusal = findAnswer(messageKey)?.problem ?? null;
    if (run === current) {
      run = null;
      change({ busy: false, stopping: false, connection: "idle" });
    }
    onChanged?.();
    if (returningCodes.has(refusal)) takeBack(messageKey, origin, refusal);
    // Another device has asked meanwhile, or a branch made way for what was not taken: what is stored is shown.
    if (returningCodes.has(refusal)) await chat.refresh();
    else await learnPlace(messageKey);
  }

  /** What only the server knows of an answer that is whole: the ID of its question, what stands beside it, how long it took. */
  async function learnPlace(messageKey: string): Promise<void> {
    const { conversationId: id } = store.state;
    const messageId = findAnswer(messageKey)?.answer.messageId ?? null;
    if (id === null || messageId === null || closed) return;
    const stored = await client.readMessage(id, messageId).catch(() => null);
    const answer = findAnswer(messageKey)?.answer;
    if (stored === null || answer?.messageId !== messageId) return;
    const { durationMs = null, thoughtMs = null } = stored.metadata ?? {};
    const index = store.state.messages.findIndex(({ key }) => key === messageKey);
    const name = (message: ChatMessage, at: number): ChatMessage => {
      if (message.key === messageKey && message.role === "assistant")
        return { ...message, answer: { ...answer, durationMs, thoughtMs }, siblingIds: stored.siblingIds ?? [] };
      return at === index - 1 && message.role === "user" ? named(message, stored.parentId) : message;
    };
    change({ messages: store.state.messages.map(name) });
  }

  function show({ messageKey, handle }: Run): void {
    const { name } = handle.connection;
    if (name === "open" && store.state.connection !== "open") change({ connection: "open" });
    if (name === "waiting" && store.state.connection !== "reconnecting") change({ connection: "reconnecting" });
    const before = findAnswer(messageKey)?.answer;
    const { answer } = handle;
    if (answer === before) return;
    changeAnswer(messageKey, { answer });
    if (before?.generationId === null && answer.generationId !== null) begin(answer);
  }

  function begin({ conversationId: id }: Answer): void {
    if (store.state.conversationId === null && id !== null) change({ conversationId: id, phase: "ready" });
    onChanged?.();
    // It was to be stopped before it could be named.
    if (store.state.stopping) void chat.stop();
  }

  /** What was written goes back, with the reason; a conversation that has not begun is new again. */
  function takeBack(messageKey: string, origin: Origin, refusal: ChatErrorCode | null): void {
    if (!("request" in origin) || origin.request.message === undefined) return;
    const { messages, conversationId: id } = store.state;
    const at = messages.findIndex(({ key }) => key === messageKey);
    change({
      messages: messages.filter((_, index) => index !== at && index !== at - 1),
      phase: id === null ? "new" : store.state.phase,
      returned: origin.request.message,
      refusal,
    });
  }

  /** Before anything is called lost, the server is asked what became of it. */
  async function askServer(messageKey: string): Promise<void> {
    const id = store.state.conversationId;
    const conversation = id === null ? null : await client.readConversation(id);
    const messageId = findAnswer(messageKey)?.answer.messageId;
    const stored = conversation?.messages.find((message) => message.id === messageId);
    if (conversation === null || stored === undefined || conversation.generationId !== null) {
      changeAnswer(messageKey, { problem: "network" });
    } else {
      changeAnswer(messageKey, { answer: toAnswer(stored, conversation.id), problem: null });
    }
  }

  async function fail(messageKey: string, error: unknown): Promise<void> {
    const { code } = toChatError(error);
    const answer = findAnswer(messageKey)?.answer ?? emptyAnswer;
    const mayBeWhole = isRunning(answer.state) && answer.messageId !== null;
    if (!mayBeWhole) changeAnswer(messageKey, { problem: code });
    else await askServer(messageKey).catch(() => changeAnswer(messageKey, { problem: code }));
  }

  async function read(): Promise<void> {
    if (store.state.conversationId === null) return;
    const conversation = await client.readConversation(store.state.conversationId);
    if (store.state.busy || closed) return;
    change({
      title: conversation.title,
      updatedAt: conversation.updatedAt,
      phase: "ready",
      messages: withUnsent(toMessages(conversation, store.state.messages), store.state.messages),
    });
    const last = lastAnswer();
    if (conversation.generationId === null || last === null) return;
    changeAnswer(last.key, { live: true });
    void follow(last.key, { generationId: conversation.generationId });
  }

  async function open(wasClosed: boolean): Promise<void> {
    const { phase, busy, conversationId: id } = store.state;
    if (phase === "ready" && wasClosed) await chat.refresh();
    if (id === null || phase === "ready" || busy) return;
    change({ phase: "loading" });
    try {
      await read();
    } catch (error) {
      change({ phase: toChatError(error).code === "not-found" ? "missing" : "unreachable" });
    }
  }

  function toOrigin(parts: ChatRequest, { model = null }: AskOptions = {}): Origin {
    const request: ChatRequest = { ...parts };
    if (store.state.conversationId !== null) request.conversationId = store.state.conversationId;
    if (model !== null) request.model = model;
    return { request, key: randomKey() };
  }

  /** The very same request, so that the server answers once even if it had heard it; unless it can only refuse it again. */
  function askAgain({ problem }: AssistantMessage, origin: Origin, options: AskOptions | undefined): Origin {
    const isRefused = problem === "unknown-model" || problem === "key-reused";
    if (!isRefused || !("request" in origin)) return origin;
    const { model: _model, conversationId: _conversationId, ...parts } = origin.request;
    return toOrigin(parts, options);
  }

  /** The answers to the question that was just asked, or answered again, come after it. */
  async function askBelow(messages: ChatMessage[], siblingIds: readonly string[], origin: Origin): Promise<void> {
    change({ messages });
    await follow(store.addAnswer(siblingIds), origin);
  }

  /** The server's ID of a question that was asked here; it is not known as long as its answer was not asked about. */
  async function findQuestionId(key: string): Promise<string | null> {
    const question = store.find(key);
    if (question?.role !== "user" || question.id !== null) return question === undefined ? null : idOf(question);
    const next = store.state.messages[store.state.messages.indexOf(question) + 1];
    if (next !== undefined) await learnPlace(next.key);
    const asked = store.find(key);
    return asked === undefined ? null : idOf(asked);
  }

  /** Has the server change what is shown, and shows it. */
  async function changeBranch(act: (conversationId: string) => Promise<unknown>): Promise<void> {
    const { busy, conversationId: id } = store.state;
    if (busy || id === null) return;
    change({ failure: null });
    try {
      await act(id);
      await read();
      onChanged?.();
    } catch (error) {
      const { code } = toChatError(error);
      change({ failure: code });
      // It is gone, or being answered: other than it is shown.
      if (code === "not-found" || code === "conversation-busy") await chat.refresh();
    }
  }

  function abandon(): void {
    if (run === null) return;
    run.abandoned = true;
    run.handle.close();
  }

  const chat: Chat = {
    getState: () => store.state,
    subscribe: store.subscribe,
    load() {
      const wasClosed = closed;
      closed = false;
      loading ??= open(wasClosed).finally(() => (loading = null));
      return loading;
    },
    async refresh() {
      if (store.state.busy || store.state.phase !== "ready") return;
      try {
        await read();
      } catch (error) {
        if (toChatError(error).code === "not-found" && !store.state.busy) change({ phase: "missing" });
      }
    },
    async send(text, options) {
      const { busy, phase, messages } = store.state;
      if (busy) return;
      if (phase === "new") change({ phase: "ready" });
      const files = (options?.attachments ?? []).map(toFilePart);
      await askBelow(
        [...messages, toQuestion(text, files)],
        [],
        toOrigin({ message: text, ...toFiles(files) }, options),
      );
    },
    async edit(key, text, options) {
      if (store.state.busy) return;
      const messageId = await findQuestionId(key);
      const question = store.find(key);
      const { busy, messages } = store.state;
      if (question?.role !== "user" || busy) return;
      const files = options?.attachments?.map(toFilePart) ?? question.files;
      const before = messages.slice(0, messages.indexOf(question));
      // What never came to the server has nothing to stand beside.
      const origin = toOrigin({ message: text, ...(messageId !== null && { messageId }), ...toFiles(files) }, options);
      await askBelow([...before, toQuestion(text, files, siblingsBeside(question))], [], origin);
    },
    async regenerate({ key, ...options } = {}) {
      const { busy, messages } = store.state;
      const old = key === undefined ? messages.at(-1) : store.find(key);
      if (old === undefined || busy) return;
      const messageId = idOf(old);
      const origin = origins.get(old.key);
      if (messageId !== null) {
        const at = messages.indexOf(old);
        const kept = messages.slice(0, old.role === "user" ? at + 1 : at);
        const siblingIds = old.role === "user" ? [] : siblingsBeside(old);
        await askBelow(kept, siblingIds, toOrigin({ trigger: "regenerate-message", messageId }, options));
      } else if (origin !== undefined && old.role === "assistant") {
        await follow(old.key, askAgain(old, origin, options));
      }
    },
    choose: (messageId) => changeBranch((id) => client.chooseBranch(id, messageId)),
    async remove(key) {
      const message = store.find(key);
      if (message === undefined) return;
      const messageId = message.role === "user" ? await findQuestionId(key) : idOf(message);
      if (messageId !== null) await changeBranch((id) => client.deleteMessage(id, messageId));
    },
    async continue() {
      const message = lastAnswer();
      if (message === null || store.state.busy) return;
      const { key, answer: kept } = message;
      const { messageId } = kept;
      if (messageId === null) return;
      // The new message begins with the text of the old one: the message stays and its text goes on.
      changeAnswer(key, {
        live: true,
        siblingIds: siblingsBeside(message),
        answer: { ...emptyAnswer, parts: kept.parts, sources: kept.sources },
      });
      await follow(key, toOrigin({ trigger: "continue-message", messageId }));
      const after = findAnswer(key);
      if (after !== null && after.problem !== null && textOf(after.answer) === textOf(kept)) {
        changeAnswer(key, { answer: kept, siblingIds: message.siblingIds });
      }
    },
    async stop() {
      if (run === null) return;
      change({ stopping: true });
      const generationId = findAnswer(run.messageKey)?.answer.generationId ?? null;
      if (generationId !== null) {
        await client.stop(generationId).catch(() => change({ stopping: false }));
      } else if (store.state.connection === "reconnecting") {
        changeAnswer(run.messageKey, { problem: "network" });
        abandon();
      }
    },
    retryNow: () => run?.handle.retryNow(),
    setInView(next) {
      inView = next;
      run?.handle.setInView(next);
    },
    takeReturned() {
      const { returned } = store.state;
      if (returned !== "") change({ returned: "" });
      return returned;
    },
    close() {
      closed = true;
      abandon();
    },
  };
  return chat;
}

function toQuestion(text: string, files: readonly FilePart[], siblingIds: readonly string[] = []): UserMessage {
  return { role: "user", key: randomKey(), id: null, text, files, siblingIds };
}

/** A question whose ID has become known. */
function named(question: UserMessage, id: string | null): UserMessage {
  const { siblingIds } = question;
  const isMissing = id !== null && siblingIds.length > 0 && !siblingIds.includes(id);
  return { ...question, id, siblingIds: isMissing ? [...siblingIds, id] : siblingIds };
}

const attachmentPath = "/api/attachments/";

function toFilePart({ id, name, mediaType }: Attachment): FilePart {
  return { type: "file", mediaType, filename: name, url: attachmentPath + id };
}

function toFiles(files: readonly FilePart[]): Pick<ChatRequest, "attachmentIds"> {
  return files.length === 0 ? {} : { attachmentIds: files.map(({ url }) => url.slice(attachmentPath.length)) };
}
