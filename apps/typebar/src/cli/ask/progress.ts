/** Events of an answer stream -> what is known of the answer so far. Pure; kept by run-ask.ts. */
import type { Chunk, EndMetadata, StartMetadata } from "@typebar/chat/protocol";
import type { IncomingEvent } from "@typebar/client";
import { exitCodes } from "../exit-codes.ts";

export interface Progress {
  start: StartMetadata | undefined;
  end: EndMetadata | undefined;
  errorText: string | undefined;
  /** `close` came: nothing more will. */
  closed: boolean;
}

export const initialProgress: Progress = { start: undefined, end: undefined, errorText: undefined, closed: false };

export interface Outcome {
  exitCode: number;
  /** To show; `undefined` where all went as it should. */
  sentence: string | undefined;
}

/** A chunk; `undefined` for an event that is none, or that is not understood. */
export function toChunk({ event, data }: IncomingEvent): Chunk | undefined {
  if (event !== "message") return undefined;
  const value: unknown = JSON.parse(data);
  // The server's own protocol; an unknown type is passed over by whoever looks at it.
  return typeof value === "object" && value !== null && "type" in value ? (value as Chunk) : undefined;
}

export function nextProgress(progress: Progress, event: IncomingEvent): Progress {
  if (event.event === "close") return { ...progress, closed: true };
  if (event.event === "reset") return initialProgress;
  const chunk = toChunk(event);
  if (chunk?.type === "start") return { ...progress, start: chunk.messageMetadata };
  if (chunk?.type === "message-metadata") return { ...progress, end: chunk.messageMetadata };
  if (chunk?.type === "error") return { ...progress, errorText: chunk.errorText };
  return progress;
}

/** @param stopAsked - Whether it was we who asked for a stop. */
export function toOutcome({ end, errorText, closed }: Progress, stopAsked: boolean): Outcome {
  const { done, failed, interrupted } = exitCodes;
  if (!closed || end === undefined) return { exitCode: failed, sentence: "The stream ended before the answer did." };
  if (end.state === "stopped")
    return stopAsked
      ? { exitCode: interrupted, sentence: "Stopped." }
      : { exitCode: failed, sentence: "The answer was stopped from elsewhere." };
  if (end.state === "completed") {
    const cutShort = end.finishReason === "length" || end.finishReason === "content-filter";
    const reason = end.finishReason === "length" ? "reached the model's length limit" : "was cut off by a filter";
    return { exitCode: done, sentence: cutShort ? `The answer ${reason}.` : undefined };
  }
  const code = end.code === undefined ? "" : ` (${end.code}).`;
  const what = end.state === "failed" ? "The answer failed" : "The answer was interrupted";
  return { exitCode: failed, sentence: `${what}: ${(errorText ?? "no reason was given").replace(/\.$/u, "")}${code}` };
}
