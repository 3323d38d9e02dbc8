/** Log -> answer so far, and where the log ends. Called before a takeover and for the projection. */
import { type Position, type RecordLog, start } from "@typebar/log";
import { addChunk, type Answer, emptyAnswer } from "./answer.ts";
import { fromPayload } from "./records.ts";

const pageLimit = { count: 8192, chars: 1_048_576 };

export async function readAnswer(log: RecordLog, logId: string): Promise<{ answer: Answer; position: Position }> {
  const answer = emptyAnswer();
  let position = start;
  for (;;) {
    const page = await log.read(logId, position, pageLimit);
    const last = page.type === "records" ? page.records.at(-1) : undefined;
    if (page.type !== "records" || !last) return { answer, position };
    for (const record of page.records) addChunk(answer, fromPayload(record.payload));
    position = { epoch: last.epoch, seq: last.seq };
  }
}
