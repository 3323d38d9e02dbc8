/** Waits until a generation has ended -> its whole answer. Called by routes/openai for clients that want no stream. */
import { follow, start } from "@typebar/log";
import { addChunk, type Answer, emptyAnswer } from "../../generation/answer.ts";
import { errorTexts } from "../../generation/error-texts.ts";
import { endOf, holdsEnd } from "../../generation/lost-ends.ts";
import { fromPayload } from "../../generation/records.ts";
import type { TerminalState } from "../../protocol.ts";
import { type GenerationRow, toEnd, toParts } from "../../store/rows.ts";
import type { RouteContext } from "../context.ts";
import { ProblemError } from "../problem.ts";

export interface EndedAnswer {
  answer: Answer;
  /** Why it failed; empty if it did not. */
  errorText: string;
}

/**
 * @returns `undefined` if the client left before.
 * @throws {ProblemError} "not-found": the answer was deleted while it was waited for.
 */
export async function waitForAnswer(
  { log, store, lostEnds }: RouteContext,
  generation: GenerationRow,
  signal: AbortSignal,
): Promise<EndedAnswer | undefined> {
  const { id } = generation;
  const end = endOf(generation);
  if (end && !holdsEnd(await log.head(id), end)) return readStored(generation);
  const answer = emptyAnswer();
  let errorText = "";
  const lost = new AbortController();
  const unwatch = lostEnds.watch(id, () => lost.abort());
  try {
    for await (const page of follow(log, id, start, { signal: AbortSignal.any([signal, lost.signal]) })) {
      if (page.type !== "records") break;
      for (const record of page.records) {
        const chunk = fromPayload(record.payload);
        addChunk(answer, chunk);
        if (chunk.type === "error") errorText = chunk.errorText;
      }
      if (answer.closed) return { answer, errorText };
    }
  } finally {
    unwatch();
  }
  if (signal.aborted) return undefined;
  const ended = await store.generations.find(generation.owner_id, id);
  if (ended?.end_seq === null || !ended) throw new ProblemError("not-found");
  return readStored(ended);

  async function readStored(row: GenerationRow): Promise<EndedAnswer> {
    const message = await store.generations.findMessage(row.message_id);
    const end = { ...toEnd(row), state: row.state as TerminalState };
    const stored = { ...emptyAnswer(), parts: toParts(message?.parts ?? "[]"), end, closed: true };
    return { answer: stored, errorText: end.code ? errorTexts[end.code] : "" };
  }
}
