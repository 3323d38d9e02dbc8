/** ProviderSettings -> the AI SDK's call options. Called by stream-model.ts. */
import type { LanguageModelV4 } from "@ai-sdk/provider";
import type { ProviderSettings, ProviderTool } from "./provider.ts";

type CallOptions = Parameters<LanguageModelV4["doStream"]>[0];
type FunctionTool = Extract<NonNullable<CallOptions["tools"]>[number], { type: "function" }>;

export function toCallOptions({ tools, ...settings }: ProviderSettings): Omit<CallOptions, "prompt" | "abortSignal"> {
  return { ...settings, ...(tools && { tools: tools.map(toTool) }) };
}

function toTool({ inputSchema, ...tool }: ProviderTool): FunctionTool {
  // What the client calls a schema is handed on as it is: whether it is one, the provider judges.
  return { type: "function", ...tool, inputSchema: inputSchema as FunctionTool["inputSchema"] };
}
