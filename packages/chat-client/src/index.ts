/** Chat over Typebar's wire, for any page or program: generations that keep their place, and one chat as it is shown. */
export { createChatClient } from "./chat-client.ts";
export type {
  ChatClient,
  ChatClientOptions,
  FollowChannelsOptions,
  FollowOptions,
  StartOptions,
  WireObservation,
} from "./chat-client.ts";
export type { ChannelEvent, ChannelStream } from "./channel-stream.ts";
export type { Api, CallOptions, UploadOptions } from "./api.ts";
export type { ServerAddress } from "./server-address.ts";
export type { GenerationHandle } from "./generation-handle.ts";
export { emptyAnswer, isRunning, nextAnswer, reasoningOf, textOf, toAnswer } from "./answer.ts";
export type { Answer, AnswerEvent, AnswerPart, AnswerSource, AnswerTextPart, AnswerToolPart } from "./answer.ts";
export { createMemoryStorage, createWebStorage } from "./storage.ts";
export type { CursorStorage } from "./storage.ts";
export { ChatError } from "./errors.ts";
export type { ChatErrorCode } from "./errors.ts";
export { createChat } from "./chat.ts";
export type { Chat, ChatOptions } from "./chat.ts";
export type { AskOptions, ChatActions, ChatState, RegenerateOptions } from "./chat-state.ts";
export { branchOf, idOf } from "./messages.ts";
export type { AssistantMessage, Branch, ChatMessage, UserMessage } from "./messages.ts";
export type { ConnectionState } from "@typebar/client";
export { changesChannel } from "@typebar/chat/protocol";
export type {
  AccessInfo,
  Change,
  Attachment,
  ChatRequest,
  Conversation,
  ConversationChange,
  ConversationPage,
  ConversationPatch,
  ConversationSummary,
  Export,
  ExportedConversation,
  ExportedMessage,
  FilePart,
  FinishReason,
  Generation,
  GenerationErrorCode,
  GenerationState,
  Imported,
  Message,
  Model,
  ModelList,
  Online,
  SearchResult,
  SearchResults,
  Settings,
  Usage,
} from "@typebar/chat/protocol";
