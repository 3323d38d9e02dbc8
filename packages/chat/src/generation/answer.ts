/** Chunks -> what an answer is so far. Used to project a log into a stored message and to take a generation over. */
import type { EndMetadata, MessagePart } from "../protocol.ts";
import type { StoredChunk } from "./records.ts";

/** The state of one answer after some of its chunks. */
export interface Answer {
  /** The `start` chunk is there. */
  started: boolean;
  parts: MessagePart[];
  /** The text or reasoning part that has not been closed. */
  open: { type: "text" | "reasoning"; id: string } | undefined;
  /** How many text and reasoning parts there were: their IDs are numbered. */
  textParts: number;
  reasoningParts: number;
  end: EndMetadata | undefined;
  /** `close` is there: nothing follows. */
  closed: boolean;
}

export function emptyAnswer(): Answer {
  return { started: false, parts: [], open: undefined, textParts: 0, reasoningParts: 0, end: undefined, closed: false };
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
      if (part && part.type !== "source-url") part.text += chunk.delta;
      break;
    }
    case "text-end":
    case "reasoning-end":
      answer.open = undefined;
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

/** All text of the answer, without reasoning. */
export function textOf(parts: readonly MessagePart[]): string {
  return parts.map((part) => (part.type === "text" ? part.text : "")).join("");
}
