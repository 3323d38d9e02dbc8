/** Parts of a model's tool calls -> ProviderParts. Called by stream-model.ts. */
import type { LanguageModelV4StreamPart } from "@ai-sdk/provider";
import type { ProviderPart } from "./provider.ts";
import { createTextJoiner } from "./text-joiner.ts";

type ToolStreamPart = Extract<
  LanguageModelV4StreamPart,
  { type: "tool-input-start" | "tool-input-delta" | "tool-input-end" | "tool-call" }
>;

interface ToolInputs {
  add(part: ToolStreamPart): ProviderPart[];
}

export function isToolPart(part: LanguageModelV4StreamPart): part is ToolStreamPart {
  return part.type === "tool-call" || part.type.startsWith("tool-input-");
}

/** Calls of the client's tools only: what a provider runs by itself is its own affair. */
export function createToolInputs(): ToolInputs {
  const joiners = new Map<string, ReturnType<typeof createTextJoiner>>();

  return {
    add(part) {
      switch (part.type) {
        case "tool-input-start":
          if (part.providerExecuted === true) return [];
          joiners.set(part.id, createTextJoiner());
          return [{ type: "tool-input-start", toolCallId: part.id, toolName: part.toolName }];
        case "tool-input-delta":
          return toDelta(part.id, joiners.get(part.id)?.add(part.delta) ?? "");
        case "tool-input-end":
          return toDelta(part.id, joiners.get(part.id)?.flush() ?? "");
        case "tool-call": {
          if (part.providerExecuted === true) return [];
          const { toolCallId, toolName, input } = part;
          return [{ type: "tool-call", toolCallId, toolName, input }];
        }
      }
    },
  };
}

function toDelta(toolCallId: string, delta: string): ProviderPart[] {
  return delta === "" ? [] : [{ type: "tool-input-delta", toolCallId, delta }];
}
