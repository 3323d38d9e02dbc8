/**
 * Types of the wire, protocol version 1: what crosses HTTP between Typebar and whoever talks to it.
 * Browser-safe: imports nothing, runs nothing but a few constants.
 *
 * @see PROTOCOL.md
 */

/** Set by {@link Chunk} `message-metadata` just before the terminal chunk, and stored with the message. */
export type GenerationState = "queued" | "running" | "completed" | "stopped" | "failed" | "interrupted";

/** A state that no longer changes. */
export type TerminalState = "completed" | "stopped" | "failed" | "interrupted";

/** Why the model stopped by itself; only values valid in AI SDK 5, 6 and 7. */
export type FinishReason = "stop" | "length" | "content-filter" | "tool-calls" | "other";

/** Tokens as the provider counted them; absent where it did not say. */
export interface Usage {
  inputTokens?: number;
  outputTokens?: number;
  reasoningTokens?: number;
}

/** Why a generation ended as `failed` or `interrupted`. Each is explained in docs/errors.md. */
export const generationErrorCodes = [
  "provider-unauthorized",
  "provider-rate-limited",
  "provider-rejected",
  "provider-unavailable",
  "provider-error",
  "provider-incomplete",
  "first-token-timeout",
  "silence-timeout",
  "total-timeout",
  "store-unavailable",
  "continuation-unsupported",
  "continuation-diverged",
  "attempts-exhausted",
  "internal",
] as const;
export type GenerationErrorCode = (typeof generationErrorCodes)[number];

/** `code` of an `application/problem+json` answer. Each is explained in docs/errors.md. */
export const problemCodes = [
  "bad-request",
  "body-not-json",
  "body-too-large",
  "unsupported-media-type",
  "unauthorized",
  "too-many-attempts",
  "forbidden-origin",
  "wrong-host",
  "not-found",
  "method-not-allowed",
  "not-acceptable",
  "unknown-model",
  "no-model",
  "unknown-event-id",
  "conversation-busy",
  "nothing-to-answer",
  "nothing-to-continue",
  "key-reused",
  "too-many-streams",
  "publishing-off",
  "reserved-channel",
  "event-too-large",
  "store-unavailable",
  "draining",
  "internal",
] as const;
export type ProblemCode = (typeof problemCodes)[number];

/** Body of every error answer before a stream starts (RFC 9457). */
export interface Problem {
  type: string;
  title: string;
  status: number;
  code: ProblemCode;
  /** What exactly was wrong, in a sentence safe to show. */
  detail?: string;
  /** With `conversation-busy`: the generation that is running. */
  generationId?: string;
}

/** `messageMetadata` of a `start` chunk. */
export interface StartMetadata {
  conversationId: string;
  generationId: string;
  model: string;
}

/** `messageMetadata` of the `message-metadata` chunk that precedes the terminal chunk. */
export interface EndMetadata {
  state: TerminalState;
  code?: GenerationErrorCode;
  finishReason?: FinishReason;
  usage?: Usage;
}

/** One JSON object of an answer: a strict subset of the AI SDK's UI message stream (versions 5, 6, 7). */
export type Chunk =
  | { type: "start"; messageId: string; messageMetadata: StartMetadata }
  | { type: "text-start"; id: string }
  | { type: "text-delta"; id: string; delta: string }
  | { type: "text-end"; id: string }
  | { type: "reasoning-start"; id: string }
  | { type: "reasoning-delta"; id: string; delta: string }
  | { type: "reasoning-end"; id: string }
  | { type: "tool-input-start"; toolCallId: string; toolName: string }
  | { type: "tool-input-delta"; toolCallId: string; inputTextDelta: string }
  | { type: "tool-input-available"; toolCallId: string; toolName: string; input: unknown }
  | { type: "tool-input-error"; toolCallId: string; toolName: string; input: string; errorText: string }
  | { type: "source-url"; sourceId: string; url: string; title?: string }
  | { type: "message-metadata"; messageMetadata: EndMetadata }
  | { type: "finish" }
  | { type: "abort" }
  | { type: "error"; errorText: string };

/** The chunk types after which only `close` follows. */
export const terminalChunkTypes = ["finish", "abort", "error"] as const;

/** `data` of `event: close`, the last event of every answer. */
export const closeData = "[DONE]";

/** `data` of `event: reset`: what the client had is no longer the log's; the whole answer follows. */
export interface Reset {
  reason: "expired" | "diverged";
}

/** `data` of `event: online`, in the channel of that name. */
export interface Online {
  /** Event streams that are open here: of answers and of channels. */
  count: number;
  /** Those of them that follow this channel: browsers in which a page shows it. */
  followers: number;
}

/** The channel in which an owner's {@link Change}s are told, to that owner alone. */
export const changesChannel = "typebar.changes";

/** An event of {@link changesChannel}: its name and its `data`. It says what is so now, and may be told twice. */
export type Change =
  /** Made, renamed, pinned, asked (`generationId` is what runs now), answered, restored, or changed in its messages. */
  | { event: "conversation"; data: ConversationChange }
  | { event: "conversation-deleted"; data: { id: string } }
  | { event: "settings"; data: Settings };

export interface ConversationChange {
  conversation: ConversationSummary;
  /** The generation that is queued or running, or `null`. */
  generationId: string | null;
}

/** One part of a stored message, in the AI SDK's UIMessage vocabulary. */
export type MessagePart =
  | { type: "text"; text: string }
  | { type: "reasoning"; text: string }
  | ToolPart
  | FilePart
  | { type: "source-url"; sourceId: string; url: string; title?: string };

/** A file of a question: {@link Attachment}. */
export interface FilePart {
  type: "file";
  mediaType: string;
  filename: string;
  /** `/api/attachments/<id>` */
  url: string;
}

/** `POST /api/attachments`. */
export interface Attachment {
  id: string;
  name: string;
  /** `image/png`, `image/jpeg`, `image/webp`, `image/gif`, or `text/plain` for any text. */
  mediaType: string;
  bytes: number;
}

/** How many files one question may bring along. */
export const mostAttachments = 10;

/** A call of a tool of the client, named in `type` after `tool-`. `output-error`: its input is no JSON, or was cut off. */
export type ToolPart =
  | { type: `tool-${string}`; toolCallId: string; state: "input-available"; input: unknown }
  | { type: `tool-${string}`; toolCallId: string; state: "output-error"; input: string; errorText: string };

/** A stored message. Times are ISO 8601 in UTC. */
export interface Message {
  id: string;
  parentId: string | null;
  role: "user" | "assistant";
  parts: MessagePart[];
  createdAt: string;
  /** Only where there is more than one: the IDs of all messages with the same parent and role, oldest first, its own among them. */
  siblingIds?: string[];
  /** Assistant messages only. While `state` is `queued` or `running`, `parts` is empty: follow the generation. */
  metadata?: {
    generationId: string;
    model: string;
    state: GenerationState;
    code?: GenerationErrorCode;
    finishReason?: FinishReason;
    usage?: Usage;
    /** From the model's first word to the end of the answer, in milliseconds, where that is known. */
    durationMs?: number;
    /** Of that, how long it reasoned, in milliseconds; absent if it did not. */
    thoughtMs?: number;
  };
}

export interface ConversationSummary {
  id: string;
  title: string;
  /** Stands before all that are not. */
  pinned: boolean;
  createdAt: string;
  updatedAt: string;
}

/** `GET /api/conversations/:id`. */
export interface Conversation extends ConversationSummary {
  /** What the model is told before all messages; empty: nothing. `null`: what the {@link Settings} say at the time of the question. */
  systemPrompt: string | null;
  /** From the first message to the newest answer, along the newest branch. */
  messages: Message[];
  /** The generation that is queued or running, or `null`. */
  generationId: string | null;
}

/** `PATCH /api/conversations/:id`: at least one of them. */
export interface ConversationPatch {
  /** 1 to 200 characters, without control characters. */
  title?: string;
  pinned?: boolean;
  /** At most 20,000 characters; `null` takes the settings' again. */
  systemPrompt?: string | null;
  /** Shows the newest branch that holds this message. */
  messageId?: string;
}

/** `GET /api/settings`, `PATCH /api/settings`: an owner's. */
export interface Settings {
  /** What models are told before all messages, in conversations that have none of their own; empty: nothing. At most 20,000 characters. */
  systemPrompt: string;
}

/** `GET /api/access`. */
export interface AccessInfo {
  /** One is set: whoever sees this was let in by it, and a browser can be signed out. */
  password: boolean;
}

/** `GET /api/conversations?limit=&cursor=`. */
export interface ConversationPage {
  conversations: ConversationSummary[];
  /** Pass as `cursor` for the next page; `null` at the end. */
  nextCursor: string | null;
}

/** `GET /api/conversations/search?q=&limit=`: at most one result for each conversation, best first. */
export interface SearchResults {
  results: SearchResult[];
}

export interface SearchResult {
  conversation: ConversationSummary;
  /** Where it was found best: on whatever branch. `null`: in the title. */
  messageId: string | null;
  /** Plain text around the first hit. */
  snippet: string;
  /** Parts of the snippet that were looked for, in UTF-16 units. */
  matches: [from: number, to: number][];
}

/** `GET /api/export`, `GET /api/conversations/:id/export?format=json`, and the body of `POST /api/import`. */
export interface Export {
  /** Version of this format. */
  typebar: 1;
  conversations: ExportedConversation[];
}

export interface ExportedConversation extends Omit<ConversationSummary, "id"> {
  systemPrompt: string | null;
  /** The newest message of the branch that is shown. */
  headMessageId: string | null;
  /** Of all branches; each after its parent. */
  messages: ExportedMessage[];
}

/** The `url` of a file is the file itself: `data:<mediaType>;base64,…`. */
export interface ExportedMessage extends Pick<Message, "id" | "parentId" | "role" | "parts" | "createdAt"> {
  /** Assistant messages only. */
  metadata?: Omit<NonNullable<Message["metadata"]>, "generationId" | "state"> & { state: TerminalState };
}

/** Answer to `POST /api/import`. */
export interface Imported {
  conversations: Pick<ConversationSummary, "id" | "title">[];
}

/** `GET /api/generations/:id`, and the answer to a stop. */
export interface Generation {
  id: string;
  conversationId: string;
  messageId: string;
  model: string;
  state: GenerationState;
  code?: GenerationErrorCode;
  finishReason?: FinishReason;
  usage?: Usage;
  createdAt: string;
  finishedAt: string | null;
}

export type Trigger = "submit-message" | "regenerate-message" | "continue-message";

/** Typebar's own body of `POST /api/chat`. */
export interface ChatRequest {
  /** The user's text; needed with `submit-message` unless there are files, absent with the other triggers. At most 100,000 characters. */
  message?: string;
  /** With `submit-message`: files that were sent to `POST /api/attachments`; at most {@link mostAttachments}. */
  attachmentIds?: string[];
  conversationId?: string;
  /** `provider/model`, as listed by `GET /api/models`. */
  model?: string;
  /** @defaultValue "submit-message" */
  trigger?: Trigger;
  /**
   * The assistant message to regenerate or continue. @defaultValue the conversation's last
   *
   * With `submit-message`: the user message that is sent again with another text; the new one stands beside it.
   */
  messageId?: string;
}

export interface Model {
  /** `provider/model`. */
  id: string;
  name: string;
  provider: string;
  /** `guide`: answers from Typebar's own documentation, not a language model. */
  kind: "language-model" | "guide";
  /** What a question may hold. */
  input: ("text" | "image")[];
  /** Whether files may go along with a question: texts, and images where `input` has them. */
  attachments: boolean;
}

/** `GET /api/models`. */
export interface ModelList {
  models: Model[];
  default: string;
}

/** Names of the response headers of an answer stream. */
export const headerNames = {
  generation: "Typebar-Generation",
  conversation: "Typebar-Conversation",
  /** Request header: `1` says that the client comes back by itself when its connection ends. */
  resume: "Typebar-Resume",
  idempotencyKey: "Idempotency-Key",
  /** Request header of an upload: the file's name, in percent-encoded UTF-8. */
  filename: "Typebar-Filename",
} as const;
