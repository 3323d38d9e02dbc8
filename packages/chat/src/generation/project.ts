/** Log -> stored message and state: made at the end of a generation, again whenever in doubt, the same each time. */
import type { RecordLog } from "@typebar/log";
import type { GenerationStore } from "../store/generations.ts";
import { readAnswer } from "./read-answer.ts";

/** Projects the log if it has ended, and only then lets it expire. Returns whether it had. */
export async function projectEnd(
  log: RecordLog,
  store: GenerationStore,
  id: string,
  logTtlSeconds: number,
): Promise<boolean> {
  const { answer, position } = await readAnswer(log, id);
  if (!answer.closed || !answer.end) return false;
  const { parts, end } = answer;
  const kept = await store.project(id, { parts, end, endEpoch: position.epoch, endSeq: position.seq });
  // Nobody can ask for the log of a deleted generation.
  await log.expire(id, kept ? logTtlSeconds * 1000 : 0);
  return true;
}
