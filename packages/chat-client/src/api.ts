/** The server's JSON endpoints as functions. Part of what createChatClient gives. */
import { headerNames } from "@typebar/chat/protocol";
import type {
  Attachment,
  AccessInfo,
  Conversation,
  ConversationPage,
  ConversationPatch,
  ConversationSummary,
  Export,
  Generation,
  Imported,
  Message,
  ModelList,
  SearchResults,
  Settings,
} from "@typebar/chat/protocol";
import { ChatError, fromProblem } from "./errors.ts";
import { toHeaders, toUrl } from "./server-address.ts";
import type { ServerAddress } from "./server-address.ts";
import { sendWatched } from "./watched-request.ts";

/** Each rejects with {@link ChatError}, or with the reason of an aborted `signal`. */
export interface Api {
  /** Pinned ones first, then newest first. `cursor` is the `nextCursor` of the page before, `null` for the first; `limit` is 1 to 100, by default 30. */
  listConversations(cursor?: string | null, options?: CallOptions & { limit?: number }): Promise<ConversationPage>;
  /** Where all words stand, the last one perhaps only begun; best first. `limit` is 1 to 50, by default 20. */
  searchConversations(question: string, options?: CallOptions & { limit?: number }): Promise<SearchResults>;
  createConversation(title?: string, options?: CallOptions): Promise<Conversation>;
  readConversation(id: string, options?: CallOptions): Promise<Conversation>;
  /** Changes what the patch names. */
  changeConversation(id: string, patch: ConversationPatch, options?: CallOptions): Promise<ConversationSummary>;
  renameConversation(id: string, title: string, options?: CallOptions): Promise<ConversationSummary>;
  deleteConversation(id: string, options?: CallOptions): Promise<void>;
  readMessage(conversationId: string, messageId: string, options?: CallOptions): Promise<Message>;
  /** Shows the newest branch that holds the message. */
  chooseBranch(conversationId: string, messageId: string, options?: CallOptions): Promise<ConversationSummary>;
  /** With all that follows from it, on every branch. */
  deleteMessage(conversationId: string, messageId: string, options?: CallOptions): Promise<void>;
  /** Brings a deleted one back, for ten minutes. */
  restoreConversation(id: string, options?: CallOptions): Promise<ConversationSummary>;
  /** Sends a file that a question will bring along: an image, or a text. */
  uploadAttachment(file: Blob, name: string, options?: UploadOptions): Promise<Attachment>;
  readGeneration(id: string, options?: CallOptions): Promise<Generation>;
  /** Asks for a stop, from any device; asking again changes nothing. Its followers then see the end. */
  stop(generationId: string, options?: CallOptions): Promise<Generation>;
  listModels(options?: CallOptions): Promise<ModelList>;
  /** One conversation as a file: to be imported again, or for people to read. */
  exportConversation(id: string, format: "json" | "markdown", options?: CallOptions): Promise<Blob>;
  /** All conversations as a file to be imported again. */
  exportConversations(options?: CallOptions): Promise<Blob>;
  /** Stores what was exported as JSON, all of it or nothing. */
  importConversations(exported: Blob | Export, options?: CallOptions): Promise<Imported>;
  readSettings(options?: CallOptions): Promise<Settings>;
  changeSettings(settings: Settings, options?: CallOptions): Promise<Settings>;
  readAccess(options?: CallOptions): Promise<AccessInfo>;
  /** Takes this browser's cookie back, where signing in gave it one. */
  signOut(options?: CallOptions): Promise<void>;
}

export interface CallOptions {
  signal?: AbortSignal;
}

export interface UploadOptions extends CallOptions {
  /**
   * Told again and again how many bytes of the file have gone out. Never called where that is not to be known: outside
   * of browsers, and with a `fetch` of one's own.
   */
  onProgress?: (sentBytes: number) => void;
}

interface Call extends CallOptions {
  method?: "GET" | "POST" | "PATCH" | "DELETE";
  body?: object;
  /** @defaultValue of JSON, where there is a body */
  headers?: Record<string, string>;
  /** With a body that is a file. */
  onProgress?: (sentBytes: number) => void;
}

export function createApi(server: ServerAddress, onError: (error: ChatError) => void): Api {
  async function request(path: string, call: Call): Promise<Response> {
    const response = await ask(server, path, call);
    if (response.ok) return response;
    const error = fromProblem(await response.json().catch(() => undefined), response.status);
    onError(error);
    throw error;
  }

  async function readJson<T>(path: string, call: Call = {}): Promise<T> {
    const response = await request(path, call);
    return (await response.json()) as T;
  }

  const changeConversation: Api["changeConversation"] = (id, patch, call) =>
    readJson(`/api/conversations/${encodeURIComponent(id)}`, { ...call, method: "PATCH", body: patch });

  return {
    listConversations(cursor = null, { limit = 30, ...call } = {}) {
      const query = new URLSearchParams({ limit: String(limit), ...(cursor !== null && { cursor }) });
      return readJson(`/api/conversations?${query}`, call);
    },
    searchConversations(question, { limit = 20, ...call } = {}) {
      const query = new URLSearchParams({ q: question, limit: String(limit) });
      return readJson(`/api/conversations/search?${query}`, call);
    },
    createConversation: (title, call) =>
      readJson("/api/conversations", { ...call, method: "POST", body: title === undefined ? {} : { title } }),
    readConversation: (id, call) => readJson(`/api/conversations/${encodeURIComponent(id)}`, call),
    changeConversation,
    renameConversation: (id, title, call) => changeConversation(id, { title }, call),
    async deleteConversation(id, call) {
      await request(`/api/conversations/${encodeURIComponent(id)}`, { ...call, method: "DELETE" });
    },
    readMessage: (id, messageId, call) => readJson(toMessagePath(id, messageId), call),
    chooseBranch: (id, messageId, call) =>
      readJson(`/api/conversations/${encodeURIComponent(id)}`, { ...call, method: "PATCH", body: { messageId } }),
    async deleteMessage(id, messageId, call) {
      await request(toMessagePath(id, messageId), { ...call, method: "DELETE" });
    },
    restoreConversation: (id, call) =>
      readJson(`/api/conversations/${encodeURIComponent(id)}/restore`, { ...call, method: "POST" }),
    uploadAttachment: (file, name, call) =>
      readJson("/api/attachments", {
        ...call,
        method: "POST",
        body: file,
        headers: {
          "Content-Type": file.type === "" ? "application/octet-stream" : file.type,
          [headerNames.filename]: encodeURIComponent(name),
        },
      }),
    readGeneration: (id, call) => readJson(`/api/generations/${encodeURIComponent(id)}`, call),
    stop: (id, call) => readJson(`/api/generations/${encodeURIComponent(id)}/stop`, { ...call, method: "POST" }),
    listModels: (call) => readJson("/api/models", call),
    async exportConversation(id, format, call = {}) {
      const response = await request(`/api/conversations/${encodeURIComponent(id)}/export?format=${format}`, call);
      return response.blob();
    },
    async exportConversations(call = {}) {
      const response = await request("/api/export", call);
      return response.blob();
    },
    importConversations: (exported, call) => readJson("/api/import", { ...call, method: "POST", body: exported }),
    readSettings: (call) => readJson("/api/settings", call),
    changeSettings: (settings, call) => readJson("/api/settings", { ...call, method: "PATCH", body: settings }),
    readAccess: (call) => readJson("/api/access", call),
    async signOut(call) {
      await request("/sign-out", { ...call, method: "POST" });
    },
  };
}

function toMessagePath(id: string, messageId: string): string {
  return `/api/conversations/${encodeURIComponent(id)}/messages/${encodeURIComponent(messageId)}`;
}

async function ask(
  server: ServerAddress,
  path: string,
  { method = "GET", body, headers: own, signal, onProgress }: Call,
): Promise<Response> {
  const { fetch = globalThis.fetch } = server;
  const headers = await toHeaders(server, own ?? (body === undefined ? {} : { "Content-Type": "application/json" }));
  const init: RequestInit = {
    method,
    headers,
    ...(body && { body: body instanceof Blob ? body : JSON.stringify(body) }),
    ...(signal && { signal }),
  };
  const url = toUrl(server, path);
  const isWatched = server.fetch === undefined && typeof XMLHttpRequest === "function";
  try {
    if (onProgress && isWatched && body instanceof Blob) {
      return await sendWatched(url, { method, headers, body, signal, onProgress });
    }
    return await fetch(url, init);
  } catch (cause) {
    signal?.throwIfAborted();
    throw new ChatError("network", "The server could not be reached", null, cause);
  }
}
