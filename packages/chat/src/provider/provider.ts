/** What every source of answers looks like to a generation. Called by generation/; implemented beside this file and in guide/. */
import type { FinishReason, GenerationErrorCode, Model, Usage } from "../protocol.ts";

/** One turn of the conversation as a provider sees it. */
export type ProviderMessage =
  | { role: "system"; text: string }
  | { role: "user"; text: string; images?: ProviderImage[] }
  /** `toolCalls`: what the model asked its client to do, in mid-conversation. */
  | { role: "assistant"; text: string; toolCalls?: ToolCall[] }
  /** What a called tool gave. */
  | { role: "tool"; text: string; toolCallId: string; toolName: string };

export interface ProviderImage {
  mediaType: string;
  data: Uint8Array;
}

export interface ToolCall {
  toolCallId: string;
  toolName: string;
  /** JSON as the model wrote it, so perhaps not valid. */
  input: string;
}

/** What a client may set beside its messages; what is absent is left to the provider. A provider leaves out what it has not got. */
export interface ProviderSettings {
  temperature?: number;
  topP?: number;
  maxOutputTokens?: number;
  /** The answer ends before any of these. */
  stopSequences?: string[];
  seed?: number;
  presencePenalty?: number;
  frequencyPenalty?: number;
  responseFormat?: { type: "json"; schema?: Record<string, unknown>; name?: string; description?: string };
  /** Tools of the client: a call is handed on to it, and never run here. */
  tools?: ProviderTool[];
  toolChoice?: { type: "auto" | "none" | "required" } | { type: "tool"; toolName: string };
}

export interface ProviderTool {
  name: string;
  description?: string;
  /** JSON Schema. */
  inputSchema: Record<string, unknown>;
  strict?: boolean;
}

/**
 * How an answer that was cut off is gone on with, best first.
 * - `resume`: the provider itself goes on at the exact character.
 * - `prefill`: the kept text is sent as an assistant message that the model goes on with.
 * - `prompt`: the model is asked to continue exactly after the kept text.
 */
export type ContinuationRung = "resume" | "prefill" | "prompt";

export interface ProviderRequest {
  /** The model's name without the provider's prefix. */
  model: string;
  /** Oldest first; the last is the user's message that is to be answered. */
  messages: ProviderMessage[];
  /** Present when an answer goes on: the text kept so far (never empty), byte for byte, and the rung to take. */
  continuation?: { rung: ContinuationRung; keptText: string };
  settings?: ProviderSettings;
  /** Aborting it ends the upstream request at once. */
  signal: AbortSignal;
}

/** What a provider says, in order. Exactly one `finish` comes last; an end without it is a failure. */
export type ProviderPart =
  | { type: "text"; text: string }
  | { type: "reasoning"; text: string }
  /** A call of one of the client's tools, as the model writes it; `tool-call` says the whole input once more. */
  | { type: "tool-input-start"; toolCallId: string; toolName: string }
  | { type: "tool-input-delta"; toolCallId: string; delta: string }
  | ({ type: "tool-call" } & ToolCall)
  | { type: "source"; sourceId: string; url: string; title?: string }
  | { type: "finish"; finishReason: FinishReason; usage?: Usage };

/** As a provider lists it; what a model can be sent is told by the registry. */
export type ListedModel = Omit<Model, "input" | "attachments">;

export interface Provider {
  /** The prefix in `provider/model`; lower case, no slash. */
  readonly name: string;
  /** The rungs this provider can take, best first; empty when an answer cannot go on. */
  readonly continuations: readonly ContinuationRung[];
  /** @throws {ProviderError} */
  listModels(signal: AbortSignal): Promise<ListedModel[]>;
  /** `false`: it answers words only, and no file is sent to it. @defaultValue true */
  readonly takesFiles?: boolean;
  /**
   * Asks the model. Nothing is sent before the first `next()`; leaving the loop ends the upstream request.
   *
   * @throws {ProviderError} in the middle of the iteration; an abort of `signal` is thrown as the signal's reason.
   */
  stream(request: ProviderRequest): AsyncIterable<ProviderPart>;
}

type ProviderErrorCode = Extract<
  GenerationErrorCode,
  | "provider-unauthorized"
  | "provider-rate-limited"
  | "provider-rejected"
  | "provider-unavailable"
  | "provider-error"
  | "provider-incomplete"
  | "continuation-unsupported"
>;

/** A provider failed. `message` is safe to show: never a key, a stack or an upstream body. */
export class ProviderError extends Error {
  readonly code: ProviderErrorCode;
  /** How long the provider asked to wait (`Retry-After`), in milliseconds. */
  readonly retryAfterMs: number | undefined;

  constructor(code: ProviderErrorCode, message: string, options?: { cause?: unknown; retryAfterMs?: number }) {
    super(message, options?.cause === undefined ? undefined : { cause: options.cause });
    this.name = "ProviderError";
    this.code = code;
    this.retryAfterMs = options?.retryAfterMs;
  }
}
