/** A stored message -> the records of a log that has expired. Called by routes/answer-stream. */
import type { LogRecord, Position } from "@typebar/log";
import { emptyAnswer, isToolPart } from "../generation/answer.ts";
import { createAssembler } from "../generation/assembler.ts";
import { errorTexts } from "../generation/error-texts.ts";
import { type StoredChunk, toPayload } from "../generation/records.ts";
import { splitText } from "../generation/split-text.ts";
import type { TerminalState, ToolPart } from "../protocol.ts";
import { type GenerationRow, toEnd, toParts } from "../store/rows.ts";

/** The log ends at `end`, as it did. */
export function toStoredRecords(generation: GenerationRow, partsJson: string, end: Position): LogRecord[] {
  const { id, message_id: messageId, conversation_id: conversationId, model } = generation;
  const answer = emptyAnswer();
  const metadata = { ...toEnd(generation), state: generation.state as TerminalState };
  const chunks: StoredChunk[] = [
    { type: "start", messageId, messageMetadata: { conversationId, generationId: id, model } },
  ];
  for (const part of toParts(partsJson)) {
    if (part.type === "source-url") {
      chunks.push({ ...part });
      continue;
    }
    if (isToolPart(part)) {
      chunks.push(...toToolChunks(part));
      continue;
    }
    // A file is a question's: no answer has one.
    if (part.type === "file") continue;
    const partId = part.type === "text" ? `t${answer.textParts++}` : `r${answer.reasoningParts++}`;
    chunks.push({ type: `${part.type}-start`, id: partId });
    for (const delta of splitText(part.text)) chunks.push({ type: `${part.type}-delta`, id: partId, delta });
    chunks.push({ type: `${part.type}-end`, id: partId });
  }
  chunks.push(...createAssembler(answer).end(metadata, metadata.code && errorTexts[metadata.code]));
  // The last three chunks are the very records of the log, at their positions. The others stand for several of its records, so
  // they get positions that no record ever had: an ID never names two texts.
  return chunks.map((chunk, index) => {
    const fromEnd = chunks.length - 1 - index;
    const payload = toPayload(chunk);
    return fromEnd <= 2 ? { epoch: end.epoch, seq: end.seq - fromEnd, payload } : { epoch: 0, seq: index + 1, payload };
  });
}

function toToolChunks(part: ToolPart): StoredChunk[] {
  const { toolCallId } = part;
  const toolName = part.type.slice("tool-".length);
  const text = part.state === "input-available" ? JSON.stringify(part.input) : part.input;
  return [
    { type: "tool-input-start", toolCallId, toolName },
    ...(text === "" ? [] : [{ type: "tool-input-delta" as const, toolCallId, inputTextDelta: text }]),
    part.state === "input-available"
      ? { type: "tool-input-available", toolCallId, toolName, input: part.input }
      : { type: "tool-input-error", toolCallId, toolName, input: part.input, errorText: part.errorText },
  ];
}
