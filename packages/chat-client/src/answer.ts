/**
 * Event stream of one generation -> the answer as it stands. Pure; called by generation-handle.ts for each event,
 * and by messages.ts for stored messages, so that an answer looks the same live and read again.
 */

import { closeData } from "@typebar/chat/protocol";
import type {
  Chunk,
  FinishReason,
  GenerationErrorCode,
  GenerationState,
  Message,
  ToolPart,
  Usage,
} from "@typebar/chat/protocol";

export type AnswerPart = AnswerTextPart | AnswerToolPart;

export interface AnswerTextPart {
  type: "text" | "reasoning";
  /** The stream's name for it; empty in a stored message. */
  id: string;
  text: string;
}

/** A call of a tool, as the model wrote it. */
export interface AnswerToolPart {
  type: "tool";
  /** Of the call. */
  id: string;
  name: string;
  /** `input-streaming`: being written. `output-error`: the input is no JSON, or was cut off. */
  state: "input-streaming" | "input-available" | "output-error";
  /** JSON, indented once it is whole; else what there is of it. */
  input: string;
}

export interface AnswerSource {
  id: string;
  url: string;
  title: string;
}

export interface Answer {
  readonly messageId: string | null;
  readonly conversationId: string | null;
  readonly generationId: string | null;
  readonly model: string;
  readonly state: GenerationState;
  readonly code: GenerationErrorCode | null;
  readonly finishReason: FinishReason | null;
  readonly usage: Usage | null;
  /** As the server worded it; `code` lets a page have its own words. */
  readonly errorText: string;
  readonly parts: readonly AnswerPart[];
  readonly sources: readonly AnswerSource[];
  /** When reasoning began and ended, as far as this client has seen it. */
  readonly thinking: { readonly fromMs: number; readonly toMs: number | null } | null;
  /** From the model's first word to the end, and how long it reasoned, as the server measured it: in a stored answer, where it is known. */
  readonly durationMs: number | null;
  readonly thoughtMs: number | null;
  /** `close` has come: nothing follows. */
  readonly closed: boolean;
}

export interface AnswerEvent {
  event: string;
  data: string;
}

export const emptyAnswer: Answer = {
  messageId: null,
  conversationId: null,
  generationId: null,
  model: "",
  state: "queued",
  code: null,
  finishReason: null,
  usage: null,
  errorText: "",
  parts: [],
  sources: [],
  thinking: null,
  durationMs: null,
  thoughtMs: null,
  closed: false,
};

/** Unknown events and chunks change nothing: a newer server may say more. */
export function nextAnswer(answer: Answer, { event, data }: AnswerEvent, nowMs: number): Answer {
  if (event === "reset")
    return { ...emptyAnswer, generationId: answer.generationId, conversationId: answer.conversationId };
  if (event === "close") return data === closeData ? { ...answer, closed: true } : answer;
  if (event !== "message") return answer;
  return withChunk(answer, JSON.parse(data) as Chunk, nowMs);
}

function withChunk(answer: Answer, chunk: Chunk, nowMs: number): Answer {
  switch (chunk.type) {
    case "start":
      return { ...emptyAnswer, ...chunk.messageMetadata, messageId: chunk.messageId, state: "running" };
    case "text-start":
      return { ...endThinking(answer, nowMs), parts: [...answer.parts, { type: "text", id: chunk.id, text: "" }] };
    case "reasoning-start":
      return {
        ...answer,
        parts: [...answer.parts, { type: "reasoning", id: chunk.id, text: "" }],
        thinking: beginThinking(answer.thinking, nowMs),
      };
    case "text-delta":
      return { ...answer, parts: appended(answer.parts, "text", chunk.id, chunk.delta) };
    case "reasoning-delta":
      return { ...answer, parts: appended(answer.parts, "reasoning", chunk.id, chunk.delta) };
    case "reasoning-end":
      return endThinking(answer, nowMs);
    case "source-url":
      return withSource(answer, { id: chunk.sourceId, url: chunk.url, title: chunk.title ?? chunk.url });
    case "message-metadata":
      return withEnd(endThinking(answer, nowMs), chunk.messageMetadata);
    case "error":
      return { ...answer, errorText: chunk.errorText };
    case "tool-input-start":
      return withTool(endThinking(answer, nowMs), toTool(chunk, "input-streaming", ""));
    case "tool-input-delta":
      return {
        ...answer,
        parts: answer.parts.map((part) => (part.id === chunk.toolCallId ? grown(part, chunk.inputTextDelta) : part)),
      };
    case "tool-input-available":
      return withTool(answer, toTool(chunk, "input-available", toInputText(chunk.input)));
    case "tool-input-error":
      return withTool(answer, toTool(chunk, "output-error", chunk.input));
    case "text-end":
    case "finish":
    case "abort":
      return answer;
    default:
      return answer;
  }
}

/** A delta of a part whose beginning was not seen begins it. */
function appended(parts: readonly AnswerPart[], type: AnswerTextPart["type"], id: string, delta: string): AnswerPart[] {
  const index = parts.findLastIndex((part) => part.type === type && part.id === id);
  const part = parts[index];
  if (part === undefined || part.type === "tool") return [...parts, { type, id, text: delta }];
  return parts.with(index, { ...part, text: part.text + delta });
}

function toTool(
  { toolCallId: id, toolName: name }: { toolCallId: string; toolName: string },
  state: AnswerToolPart["state"],
  input: string,
): AnswerToolPart {
  return { type: "tool", id, name, state, input };
}

function toInputText(input: unknown): string {
  return JSON.stringify(input, undefined, 2);
}

/** A call stands where it became whole, as in the stored message. */
function withTool(answer: Answer, tool: AnswerToolPart): Answer {
  const others = answer.parts.filter((part) => part.type !== "tool" || part.id !== tool.id);
  return { ...answer, parts: [...others, tool] };
}

function grown(part: AnswerPart, delta: string): AnswerPart {
  return part.type === "tool" ? { ...part, input: part.input + delta } : part;
}

function withSource(answer: Answer, source: AnswerSource): Answer {
  const others = answer.sources.filter((known) => known.id !== source.id);
  return { ...answer, sources: [...others, source] };
}

function withEnd(answer: Answer, end: Extract<Chunk, { type: "message-metadata" }>["messageMetadata"]): Answer {
  return {
    ...answer,
    state: end.state,
    code: end.code ?? null,
    finishReason: end.finishReason ?? null,
    usage: end.usage ?? null,
  };
}

/** Who thinks again after having said something has thought for both times together. */
function beginThinking(before: Answer["thinking"], nowMs: number): Answer["thinking"] {
  if (before?.toMs === null) return before;
  return { fromMs: before === null ? nowMs : nowMs - (before.toMs - before.fromMs), toMs: null };
}

function endThinking(answer: Answer, nowMs: number): Answer {
  if (answer.thinking === null || answer.thinking.toMs !== null) return answer;
  return { ...answer, thinking: { ...answer.thinking, toMs: nowMs } };
}

/** A stored assistant message; one that is still being written is followed and starts empty. */
export function toAnswer(message: Message, conversationId: string): Answer {
  const { metadata } = message;
  const parts: AnswerPart[] = [];
  const sources: AnswerSource[] = [];
  for (const part of message.parts) {
    if (part.type === "source-url") sources.push({ id: part.sourceId, url: part.url, title: part.title ?? part.url });
    else if (part.type === "file") continue;
    else if ("text" in part) parts.push({ type: part.type, id: "", text: part.text });
    else parts.push(toStoredTool(part));
  }
  return {
    ...emptyAnswer,
    messageId: message.id,
    conversationId,
    generationId: metadata?.generationId ?? null,
    model: metadata?.model ?? "",
    state: metadata?.state ?? "completed",
    code: metadata?.code ?? null,
    finishReason: metadata?.finishReason ?? null,
    usage: metadata?.usage ?? null,
    parts,
    sources,
    durationMs: metadata?.durationMs ?? null,
    thoughtMs: metadata?.thoughtMs ?? null,
    closed: !isRunning(metadata?.state ?? "completed"),
  };
}

function toStoredTool(part: ToolPart): AnswerToolPart {
  const call = { toolCallId: part.toolCallId, toolName: part.type.slice("tool-".length) };
  return toTool(call, part.state, part.state === "input-available" ? toInputText(part.input) : part.input);
}

export function isRunning(state: GenerationState): boolean {
  return state === "queued" || state === "running";
}

export function textOf(answer: Answer): string {
  return joined(answer, "text");
}

export function reasoningOf(answer: Answer): string {
  return joined(answer, "reasoning");
}

function joined(answer: Answer, type: AnswerTextPart["type"]): string {
  const texts = answer.parts.flatMap((part) => (part.type === type && part.text !== "" ? [part.text] : []));
  return texts.length === 1 ? (texts[0] ?? "") : texts.join("\n\n");
}
