/** A ProviderRequest -> the AI SDK's prompt, the kept text of a cut answer included. Called by every provider beside this file. */
import type {
  LanguageModelV4FilePart,
  LanguageModelV4Message,
  LanguageModelV4Prompt,
  LanguageModelV4ToolCallPart,
  SharedV4ProviderOptions,
} from "@ai-sdk/provider";
import type { ProviderImage, ProviderMessage, ProviderRequest, ToolCall } from "./provider.ts";

/** What the user's message says on the `prompt` rung, right after the kept text. */
export const continueInstruction: string =
  "Your last message was cut off. Continue it from exactly where it stops, as if there had been no break: " +
  "start with the very next character, finish a word or a code block that is still open, repeat nothing, " +
  "and add no greeting, apology or comment.";

/**
 * Messages without text are left out: no provider takes them, and an answer that failed at once leaves one.
 *
 * @param prefillOptions what the provider wants on the assistant message that it is to go on with
 */
export function toPrompt(request: ProviderRequest, prefillOptions?: SharedV4ProviderOptions): LanguageModelV4Prompt {
  const prompt = request.messages.filter(saysSomething).map(toMessage);
  const { continuation } = request;
  if (continuation === undefined) return prompt;
  const kept = toMessage({ role: "assistant", text: continuation.keptText });
  if (continuation.rung === "prefill") {
    prompt.push(prefillOptions === undefined ? kept : { ...kept, providerOptions: prefillOptions });
  } else {
    prompt.push(kept, toMessage({ role: "user", text: continueInstruction }));
  }
  return prompt;
}

function saysSomething(message: ProviderMessage): boolean {
  return (
    message.text !== "" ||
    (message.role === "user" && !!message.images?.length) ||
    message.role === "tool" ||
    (message.role === "assistant" && !!message.toolCalls?.length)
  );
}

function toMessage(message: ProviderMessage): LanguageModelV4Message {
  const { role, text } = message;
  const textParts = text === "" ? [] : [{ type: "text" as const, text }];
  switch (role) {
    case "system":
      return { role, content: text };
    case "user":
      return { role, content: [...(message.images ?? []).map(toFilePart), ...textParts] };
    case "assistant":
      return { role, content: [...textParts, ...(message.toolCalls ?? []).map(toToolCallPart)] };
    case "tool": {
      const { toolCallId, toolName } = message;
      return { role, content: [{ type: "tool-result", toolCallId, toolName, output: { type: "text", value: text } }] };
    }
  }
}

function toFilePart({ mediaType, data }: ProviderImage): LanguageModelV4FilePart {
  return { type: "file", mediaType, data: { type: "data", data } };
}

function toToolCallPart({ toolCallId, toolName, input }: ToolCall): LanguageModelV4ToolCallPart {
  return { type: "tool-call", toolCallId, toolName, input: parseInput(input) };
}

/** A model that wrote no JSON is shown what it wrote. */
function parseInput(input: string): unknown {
  try {
    return JSON.parse(input);
  } catch {
    return input;
  }
}
