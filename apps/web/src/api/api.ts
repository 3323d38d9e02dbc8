/** The server's JSON endpoints as functions. Called by conversation/ and components/; the streams are in thread.ts. */

import { problemCodes } from "@typebar/chat/protocol";
import type {
  Conversation,
  ConversationPage,
  ConversationSummary,
  Generation,
  ModelList,
  Problem,
  ProblemCode,
} from "@typebar/chat/protocol";

/** `network`: no answer came at all. */
export type ApiErrorCode = ProblemCode | "network";

/** - `code` of the server's problem; `network` if it could not be asked; `internal` if it answered with something else. */
export class ApiError extends Error {
  readonly code: ApiErrorCode;
  readonly generationId: string | null;

  constructor(code: ApiErrorCode, message: string, generationId: string | null = null, cause?: unknown) {
    super(message, { cause });
    this.name = "ApiError";
    this.code = code;
    this.generationId = generationId;
  }
}

export interface Api {
  listConversations(cursor: string | null): Promise<ConversationPage>;
  readConversation(id: string): Promise<Conversation>;
  renameConversation(id: string, title: string): Promise<ConversationSummary>;
  deleteConversation(id: string): Promise<void>;
  stopGeneration(id: string): Promise<Generation>;
  listModels(): Promise<ModelList>;
}

export interface ApiOptions {
  fetch: typeof fetch;
  /** The server wants a password. */
  onUnauthorized(): void;
}

export function createApi({ fetch, onUnauthorized }: ApiOptions): Api {
  async function request(path: string, init: RequestInit = {}): Promise<Response> {
    const response = await ask(fetch, path, init);
    if (response.ok) return response;
    const error = toApiError(await response.json().catch(() => undefined), response.status);
    if (error.code === "unauthorized") onUnauthorized();
    throw error;
  }

  async function readJson<T>(path: string, init?: RequestInit): Promise<T> {
    const response = await request(path, init);
    return (await response.json()) as T;
  }

  return {
    listConversations: (cursor) =>
      readJson(`/api/conversations?limit=30${cursor === null ? "" : `&cursor=${encodeURIComponent(cursor)}`}`),
    readConversation: (id) => readJson(`/api/conversations/${encodeURIComponent(id)}`),
    renameConversation: (id, title) =>
      readJson(`/api/conversations/${encodeURIComponent(id)}`, {
        method: "PATCH",
        headers: { "Content-Type": "application/json" },
        body: JSON.stringify({ title }),
      }),
    async deleteConversation(id) {
      await request(`/api/conversations/${encodeURIComponent(id)}`, { method: "DELETE" });
    },
    stopGeneration: (id) => readJson(`/api/generations/${encodeURIComponent(id)}/stop`, { method: "POST" }),
    listModels: () => readJson("/api/models"),
  };
}

async function ask(fetch: typeof globalThis.fetch, path: string, init: RequestInit): Promise<Response> {
  try {
    return await fetch(path, init);
  } catch (cause) {
    throw new ApiError("network", "The server could not be reached", null, cause);
  }
}

/** @param problem the body of an error answer, not validated. */
export function toApiError(problem: unknown, status: number): ApiError {
  const { code, detail, generationId } = (
    typeof problem === "object" && problem !== null ? problem : {}
  ) as Partial<Problem>;
  const known = problemCodes.find((one) => one === code) ?? (status === 401 ? "unauthorized" : "internal");
  return new ApiError(known, detail ?? `HTTP ${status}`, generationId ?? null);
}
