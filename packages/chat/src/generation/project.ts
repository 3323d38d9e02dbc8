/** Log -> stored message and state: made at the end of a generation, again whenever in doubt, the same each time. */
import type { RecordLog } from "@typebar/log";
import type { GenerationStore } from "../store/generations.ts";
import { readAnswer } from "./read-answer.ts";
import type { AnswerTimes } from "./stopwatch.ts";

/** Projects the log if it has ended, and only then lets it expire. Returns whether it had. `times` are in no log: only who heard the model knows them. */
export async function projectEnd(
  log: RecordLog,
  store: GenerationStore,
  id: string,
  logTtlSeconds: number,
  times?: AnswerTimes,
): Promise<boolean> {
  const { answer, position } = await readAnswer(log, id);
  if (!answer.closed || !answer.end) return false;
  const { parts, end } = answer;
  const kept = await store.project(id, { parts, end, endEpoch: position.epoch, endSeq: position.seq, times });
  // Nobody can ask for the log of a deleted generation.
  if (!kept) await log.expire(id, 0);
  else await expireLog(log, store, id, logTtlSeconds);
  return true;
}

/** Lets the logs go whose process died, or whose store refused, between the projection and this. Does a part of them; the sweep comes again. */
export async function expireKeptLogs(log: RecordLog, store: GenerationStore, logTtlSeconds: number): Promise<void> {
  for (const id of await store.withKeptLogs(1000)) await expireLog(log, store, id, logTtlSeconds);
}

async function expireLog(log: RecordLog, store: GenerationStore, id: string, logTtlSeconds: number): Promise<void> {
  await log.expire(id, logTtlSeconds * 1000);
  await store.setLogExpires(id);
}
