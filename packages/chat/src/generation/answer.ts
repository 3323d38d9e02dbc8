/** Chunks -> what an answer is so far. Used to project a log into a stored message and to take a generation over. */
import type { EndMetadata, MessagePart, ToolPart } from "../protocol.ts";
import type { StoredChunk } from "./records.ts";

/** The state of one answer after some of its chunks. */
export interface Answer {
  /** The `start` chunk is there. */
  started: boolean;
  parts: MessagePart[];
  /** The text or reasoning part that has not been closed. */
  open: { type: "text" | "reasoning"; id: string } | undefined;
  /** Tool calls whose input is not whole yet, with what there is of it. */
  openTools: { toolCallId: string; toolName: string; input: string }[];
  /** How many text and reasoning parts there were: their IDs are numbered. */
  textParts: number;
  reasoningParts: number;
  end: EndMetadata | undefined;
  /** `close` is there: nothing follows. */
  closed: boolean;
}

export function emptyAnswer(): Answer {
  return {
    started: false,
    parts: [],
    open: undefined,
    openTools: [],
    textParts: 0,
    reasoningParts: 0,
    end: undefined,
    closed: false,
  };
}

/** Adds one chunk. Changes and returns `answer`. */
export function addChunk(answer: Answer, chunk: StoredChunk): Answer {
  switch (chunk.type) {
    case "start":
      answer.started = true;
      break;
    case "text-start":
      answer.parts.push({ type: "text", text: "" });
      answer.open = { type: "text", id: chunk.id };
      answer.textParts += 1;
      break;
    case "reasoning-start":
      answer.parts.push({ type: "reasoning", text: "" });
      answer.open = { type: "reasoning", id: chunk.id };
      answer.reasoningParts += 1;
      break;
    case "text-delta":
    case "reasoning-delta": {
      const part = answer.parts.findLast((candidate) => candidate.type === answer.open?.type);
      if (part && "text" in part) part.text += chunk.delta;
      break;
    }
    case "text-end":
    case "reasoning-end":
      answer.open = undefined;
      break;
    case "tool-input-start":
      answer.openTools.push({ toolCallId: chunk.toolCallId, toolName: chunk.toolName, input: "" });
      break;
    case "tool-input-delta": {
      const tool = answer.openTools.find(({ toolCallId }) => toolCallId === chunk.toolCallId);
      if (tool) tool.input += chunk.inputTextDelta;
      break;
    }
    case "tool-input-available":
    case "tool-input-error":
      answer.openTools = answer.openTools.filter(({ toolCallId }) => toolCallId !== chunk.toolCallId);
      answer.parts.push(toToolPart(chunk));
      break;
    case "source-url":
      answer.parts.push({ ...chunk });
      break;
    case "message-metadata":
      answer.end = chunk.messageMetadata;
      break;
    case "close":
      answer.closed = true;
      break;
    case "finish":
    case "abort":
    case "error":
      break;
  }
  return answer;
}

function toToolPart(chunk: Extract<StoredChunk, { type: "tool-input-available" | "tool-input-error" }>): ToolPart {
  const { toolCallId, toolName, input } = chunk;
  if (chunk.type === "tool-input-available") {
    return { type: `tool-${toolName}`, toolCallId, state: "input-available", input };
  }
  return {
    type: `tool-${toolName}`,
    toolCallId,
    state: "output-error",
    input: chunk.input,
    errorText: chunk.errorText,
  };
}

export function isToolPart(part: MessagePart): part is ToolPart {
  return part.type.startsWith("tool-");
}

/** All text of the answer, without reasoning. */
export function textOf(parts: readonly MessagePart[]): string {
  return parts.map((part) => (part.type === "text" ? part.text : "")).join("");
}
