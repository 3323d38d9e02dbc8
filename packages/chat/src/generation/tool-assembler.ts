/** A provider's tool calls -> chunks of one answer. Called by generation/assembler. */
import type { ProviderPart } from "../provider/provider.ts";
import type { Chunk } from "../protocol.ts";
import type { Answer } from "./answer.ts";

interface ToolAssembler {
  add(part: Extract<ProviderPart, { type: "tool-input-start" | "tool-input-delta" | "tool-call" }>): Chunk[];
  /** Closes calls that the model did not write to their end. */
  end(): Chunk[];
}

export function createToolAssembler(open: Answer["openTools"]): ToolAssembler {
  const tools = new Map(open.map((tool) => [tool.toolCallId, { ...tool }]));

  function start(toolCallId: string, toolName: string): Chunk[] {
    if (tools.has(toolCallId)) return [];
    tools.set(toolCallId, { toolCallId, toolName, input: "" });
    return [{ type: "tool-input-start", toolCallId, toolName }];
  }

  function append(toolCallId: string, delta: string): Chunk[] {
    const tool = tools.get(toolCallId);
    if (!tool || delta === "") return [];
    const inputTextDelta = delta.toWellFormed();
    tool.input += inputTextDelta;
    return [{ type: "tool-input-delta", toolCallId, inputTextDelta }];
  }

  return {
    add(part) {
      const { toolCallId } = part;
      switch (part.type) {
        case "tool-input-start":
          return start(toolCallId, part.toolName);
        case "tool-input-delta":
          return append(toolCallId, part.delta);
        case "tool-call": {
          const chunks = start(toolCallId, part.toolName);
          // A provider that wrote nothing on the way says all of it here; a tool without parameters is called with nothing.
          if (tools.get(toolCallId)?.input === "") chunks.push(...append(toolCallId, part.input || "{}"));
          const input = tools.get(toolCallId)?.input ?? "";
          tools.delete(toolCallId);
          return [...chunks, close(toolCallId, part.toolName, input, "The model wrote a tool call that is not JSON.")];
        }
      }
    },
    end() {
      const chunks = Array.from(tools.values(), ({ toolCallId, toolName, input }) =>
        toError(toolCallId, toolName, input, "The tool call was cut off."),
      );
      tools.clear();
      return chunks;
    },
  };
}

function close(toolCallId: string, toolName: string, input: string, errorText: string): Chunk {
  try {
    return { type: "tool-input-available", toolCallId, toolName, input: JSON.parse(input) as unknown };
  } catch {
    return toError(toolCallId, toolName, input, errorText);
  }
}

function toError(toolCallId: string, toolName: string, input: string, errorText: string): Chunk {
  return { type: "tool-input-error", toolCallId, toolName, input, errorText };
}
