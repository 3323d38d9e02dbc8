/** Records of one generation -> `chat.completion.chunk` blocks. Passed to server/feed as the format of one response. */
import type { RecordEvent, RecordFormat } from "@typebar/server";
import { fromPayload, mergeDeltas, type StoredChunk } from "../../generation/records.ts";
import { formatEventId } from "../../ids.ts";
import { closeData, type EndMetadata } from "../../protocol.ts";
import type { GenerationRow } from "../../store/rows.ts";
import { toFinishReason, toHead, toUsage } from "./completion.ts";
import { toFailure } from "./error.ts";

export interface CompletionFormatOptions {
  generation: GenerationRow;
  includeUsage: boolean;
}

/** It is shown the records in the log's order, the first time that it is shown them. */
export function createCompletionFormat({ generation, includeUsage }: CompletionFormatOptions): RecordFormat {
  const head = toHead(generation, "chat.completion.chunk");
  /** Tool calls by their ID: OpenAI numbers them. */
  const toolIndexes = new Map<string, number>();
  /** Said by the record before the terminal one. */
  let end: EndMetadata | undefined;

  const toChunk = (choices: object[], usage: object | null = null): string =>
    JSON.stringify({ ...head, choices, ...(includeUsage && { usage }) });
  const toDelta = (delta: object, finishReason: string | null = null): string =>
    toChunk([{ index: 0, delta, logprobs: null, finish_reason: finishReason }]);

  function toToolDelta(toolCallId: string, call: object): string {
    const index = toolIndexes.get(toolCallId) ?? toolIndexes.size;
    toolIndexes.set(toolCallId, index);
    return toDelta({ tool_calls: [{ index, ...call }] });
  }

  function toData(chunk: StoredChunk): string | undefined {
    switch (chunk.type) {
      case "start":
        return toDelta({ role: "assistant", content: "" });
      case "text-delta":
        return toDelta({ content: chunk.delta });
      case "reasoning-delta":
        return toDelta({ reasoning_content: chunk.delta });
      case "tool-input-start": {
        const { toolCallId: id, toolName: name } = chunk;
        return toToolDelta(id, { id, type: "function", function: { name, arguments: "" } });
      }
      case "tool-input-delta":
        return toToolDelta(chunk.toolCallId, { function: { arguments: chunk.inputTextDelta } });
      case "message-metadata":
        end = chunk.messageMetadata;
        return end.code === undefined ? toDelta({}, toFinishReason(end)) : undefined;
      case "finish":
      case "abort":
        return includeUsage ? toChunk([], end?.usage ? toUsage(end.usage) : null) : undefined;
      case "close":
        return closeData;
      case "text-start":
      case "text-end":
      case "reasoning-start":
      case "reasoning-end":
      case "tool-input-available":
      case "tool-input-error":
      case "source-url":
      case "error":
        return undefined;
    }
  }

  return {
    toEvent({ payload, epoch, seq }): RecordEvent | undefined {
      const chunk = fromPayload(payload);
      if (chunk.type === "error") {
        const data = JSON.stringify(toFailure(end ?? { state: "failed" }, chunk.errorText));
        // Whoever comes back is told again: what follows would look like the end of a whole answer.
        return { data, id: formatEventId(generation.id, { epoch, seq: seq - 1 }), end: true };
      }
      const data = toData(chunk);
      if (data === undefined) return undefined;
      return { data, id: formatEventId(generation.id, { epoch, seq }), end: chunk.type === "close" };
    },
    merge: mergeDeltas,
  };
}
