/** A ProviderRequest -> the AI SDK's prompt, the kept text of a cut answer included. Called by every provider beside this file. */
import type { LanguageModelV4Message, LanguageModelV4Prompt, SharedV4ProviderOptions } from "@ai-sdk/provider";
import type { ProviderMessage, ProviderRequest } from "./provider.ts";

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
  const prompt = request.messages.filter((message) => message.text !== "").map(toMessage);
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

function toMessage({ role, text }: ProviderMessage): LanguageModelV4Message {
  return role === "system" ? { role, content: text } : { role, content: [{ type: "text", text }] };
}
