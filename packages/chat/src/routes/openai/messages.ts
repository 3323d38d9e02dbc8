/** OpenAI's messages -> what a provider is asked. Called by completion-request. */
import * as v from "valibot";
import type { ProviderMessage, ToolCall } from "../../provider/provider.ts";
import { checkField, refuse } from "./check-field.ts";

const toolCall = v.looseObject({
  id: v.string(),
  type: v.literal("function", "must be function"),
  function: v.looseObject({ name: v.string(), arguments: v.string() }),
});

const message = v.looseObject({
  role: v.picklist(["system", "developer", "user", "assistant", "tool"], "must be system, user, assistant or tool"),
  content: v.nullish(
    v.union([v.string(), v.array(v.looseObject({ type: v.string() }))], "must be text or a list of parts"),
  ),
  tool_calls: v.nullish(v.array(toolCall)),
  tool_call_id: v.nullish(v.string()),
});

type Message = v.InferOutput<typeof message>;

const messagesSchema = v.pipe(v.array(message), v.minLength(1, "must not be empty"));

/** @throws {ProblemError} "bad-request". */
export function toProviderMessages(value: unknown): ProviderMessage[] {
  const messages = checkField(messagesSchema, value, "messages");
  const toolNames = new Map<string, string>();
  const result = messages.map((given, index) => toProviderMessage(given, `messages[${index}]`, toolNames));
  if (result.every(({ text }) => text === "")) refuse("messages", "must hold some text");
  return result;
}

function toProviderMessage(given: Message, path: string, toolNames: Map<string, string>): ProviderMessage {
  const { role } = given;
  const text = toText(given.content, `${path}.content`, role);
  switch (role) {
    case "system":
    case "developer":
      return { role: "system", text };
    case "user":
      return { role, text };
    case "assistant": {
      const toolCalls = (given.tool_calls ?? []).map(toToolCall);
      for (const { toolCallId, toolName } of toolCalls) toolNames.set(toolCallId, toolName);
      return { role, text, ...(toolCalls.length > 0 && { toolCalls }) };
    }
    case "tool": {
      const toolCallId = given.tool_call_id ?? "";
      const toolName = toolNames.get(toolCallId);
      if (toolName === undefined) return refuse(`${path}.tool_call_id`, "must name a tool call of a message before it");
      return { role, text, toolCallId, toolName };
    }
  }
}

function toToolCall({ id, function: called }: v.InferOutput<typeof toolCall>): ToolCall {
  return { toolCallId: id, toolName: called.name, input: called.arguments };
}

function toText(content: Message["content"], path: string, role: Message["role"]): string {
  if (typeof content === "string") return content;
  if (!content) return role === "assistant" ? "" : refuse(path, "is needed");
  const texts = content.map((part, index) => {
    if (part.type === "text") return checkField(v.string(), part["text"], `${path}[${index}].text`);
    if (part.type === "refusal") return checkField(v.string(), part["refusal"], `${path}[${index}].refusal`);
    return refuse(`${path}[${index}]`, `is of type ${part.type}: only text can be asked here`);
  });
  return texts.join("\n");
}
