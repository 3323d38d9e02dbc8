/** What an answer is in OpenAI's words, whole or in chunks. Used by completion-format and by routes/openai. */
import { type Answer, isToolPart, textOf } from "../../generation/answer.ts";
import type { EndMetadata, FinishReason, ToolPart, Usage } from "../../protocol.ts";
import type { GenerationRow } from "../../store/rows.ts";

/** What every object that tells of one answer begins with. */
export function toHead(
  { id, model, created_at_ms: createdAtMs }: GenerationRow,
  object: "chat.completion" | "chat.completion.chunk",
): object {
  return { id: `chatcmpl-${id}`, object, created: Math.floor(Number(createdAtMs) / 1000), model };
}

/** The answer as it is at its end. */
export function toCompletion(generation: GenerationRow, { parts, end }: Answer): object {
  const text = textOf(parts);
  const reasoning = parts.map((part) => (part.type === "reasoning" && "text" in part ? part.text : "")).join("");
  const toolCalls = parts.filter(isToolPart).map(toToolCall);
  const message = {
    role: "assistant",
    content: text === "" && toolCalls.length > 0 ? null : text,
    refusal: null,
    ...(reasoning !== "" && { reasoning_content: reasoning }),
    ...(toolCalls.length > 0 && { tool_calls: toolCalls }),
  };
  return {
    ...toHead(generation, "chat.completion"),
    choices: [{ index: 0, message, logprobs: null, finish_reason: toFinishReason(end) }],
    ...(end?.usage && { usage: toUsage(end.usage) }),
  };
}

function toToolCall(part: ToolPart): object {
  const text = part.state === "input-available" ? JSON.stringify(part.input) : part.input;
  return {
    id: part.toolCallId,
    type: "function",
    function: { name: part.type.slice("tool-".length), arguments: text },
  };
}

const finishReasons: Readonly<Record<FinishReason, string>> = {
  stop: "stop",
  length: "length",
  "content-filter": "content_filter",
  "tool-calls": "tool_calls",
  other: "stop",
};

/** An answer that somebody stopped ends like one that was complete: OpenAI has no word for it. */
export function toFinishReason(end: EndMetadata | undefined): string {
  return finishReasons[end?.finishReason ?? "stop"];
}

export function toUsage({ inputTokens = 0, outputTokens = 0, reasoningTokens }: Usage): object {
  return {
    prompt_tokens: inputTokens,
    completion_tokens: outputTokens,
    total_tokens: inputTokens + outputTokens,
    ...(reasoningTokens !== undefined && { completion_tokens_details: { reasoning_tokens: reasoningTokens } }),
  };
}
