/** Ends a generation without asking its provider. Called by generation/generations. */
import type { Lease, RecordLog } from "@typebar/log";
import type { EndMetadata } from "../protocol.ts";
import type { GenerationRow } from "../store/rows.ts";
import { createAssembler } from "./assembler.ts";
import { errorTexts } from "./error-texts.ts";
import { readAnswer } from "./read-answer.ts";
import { type StoredChunk, toPayload } from "./records.ts";

export async function endGeneration(
  log: RecordLog,
  lease: Lease,
  generation: GenerationRow,
  end: EndMetadata,
): Promise<void> {
  const { answer } = await readAnswer(log, lease.logId);
  const { id, conversation_id: conversationId, message_id: messageId, model } = generation;
  const chunks: StoredChunk[] = answer.started
    ? []
    : [{ type: "start", messageId, messageMetadata: { conversationId, generationId: id, model } }];
  chunks.push(...createAssembler(answer).end(end, end.code && errorTexts[end.code]));
  await log.append(lease.logId, { epoch: lease.epoch, seq: lease.seq }, chunks.map(toPayload));
}
