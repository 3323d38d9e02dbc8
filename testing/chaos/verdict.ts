/** Evidence -> what was wrong, in sentences. Pure: whatever it is given, it can be given by a test. Called by run.ts. */
import type { Chunk } from "@typebar/chat/protocol";
import { judge, reasoningParts } from "../test/faults/verdict.ts";
import type { Evidence, GenerationEvidence, LogEntry, StoredState } from "./evidence.ts";
import type { Followed, SeenEvent } from "./follower.ts";

export interface Violation {
  what: string;
  /** `undefined`: of the run as a whole. */
  generationId?: string;
  /** Which of its followers; "late": who came when all was over. */
  follower?: number | "late";
}

/** So many takeovers are enough to see whether they are spread. */
const enoughTakeovers = 30;
const largestShare = 0.85;

export function findViolations(evidence: Evidence): Violation[] {
  return [
    ...evidence.modelViolations.map((what) => ({ what: `the model was asked wrongly: ${what}` })),
    ...findUnevenShare(evidence.takeovers),
    ...evidence.generations.flatMap((generation) => findGenerationViolations(generation, evidence)),
  ];
}

function findUnevenShare(takeovers: Evidence["takeovers"]): Violation[] {
  const counts = Object.values(takeovers);
  const total = counts.reduce((sum, count) => sum + count, 0);
  const largest = Math.max(...counts);
  if (total < enoughTakeovers || largest <= total * largestShare) return [];
  return [{ what: `one node did ${largest} of ${total} takeovers: ${JSON.stringify(takeovers)}` }];
}

function findGenerationViolations(generation: GenerationEvidence, evidence: Evidence): Violation[] {
  const { generationId, stored, followers, late } = generation;
  const [state] = stored;
  if (!state || stored.length > 1) {
    const ids = stored.map((one) => `${one.generationId} (${one.state})`).join(", ");
    return [{ generationId, what: `asked once, it was stored ${stored.length} times: ${ids}` }];
  }
  const tell = (follower: number | "late", followed: Followed): Violation[] =>
    findFollowerFaults(followed, generation, state, evidence).map((what) => ({ generationId, follower, what }));
  return [
    ...[
      ...findStateFaults(state, generation, evidence),
      ...findLogFaults(generation, state, evidence),
      ...findWriterFaults(generation),
    ].map((what) => ({ generationId, what })),
    ...followers.flatMap((followed, index) => tell(index, followed)),
    ...tell("late", late),
  ];
}

function findStateFaults(
  { state, code, text, takeovers }: StoredState,
  generation: GenerationEvidence,
  evidence: Evidence,
): string[] {
  const { answer, isAmbiguous } = generation;
  const found: string[] = [];
  if (state === "queued" || state === "running")
    found.push(`it was never finished: ${state} after ${takeovers} takeovers`);
  else if (!isJustified({ state, code }, generation, evidence)) {
    found.push(`nothing that happened justifies its end: ${state}, ${code}`);
  }
  if (isAmbiguous) return found;
  if (state === "completed" && text !== answer) found.push(`its text is not the answer: ${difference(text, answer)}`);
  if (!answer.startsWith(text)) found.push(`its text is no prefix of the answer: ${difference(text, answer)}`);
  return found;
}

function isJustified(
  { state, code = "" }: Pick<StoredState, "state" | "code">,
  { model, isStopAsked, isAmbiguous, writers }: GenerationEvidence,
  { hasBrokenModel, hasBrokenStore }: Evidence,
): boolean {
  if (state === "completed") return true;
  if (state === "stopped") return isStopAsked;
  if (code === "continuation-unsupported") return model === "no-prefill" && writers.length > 1;
  if (code === "continuation-diverged") return isAmbiguous;
  if (code === "store-unavailable") return hasBrokenStore;
  return /^provider-(?:unavailable|error|incomplete)$|^(?:first-token|silence)-timeout$/.test(code) && hasBrokenModel;
}

function findLogFaults({ log }: GenerationEvidence, { text, code }: StoredState, { hasLostData }: Evidence): string[] {
  const found: string[] = [];
  // Its beginning was refused, and nobody was asked.
  if (log.length === 0 && code === "store-unavailable" && text === "") return found;
  for (const [index, { epoch, seq }] of log.entries()) {
    if (seq !== index + 1) found.push(`record ${index + 1} of its log has the seq ${seq}`);
    const before = log[index - 1];
    if (before && epoch < before.epoch) found.push(`its log goes back from epoch ${before.epoch} to ${epoch}`);
  }
  if (!isClosed(log)) {
    // The end may be lost where Redis lost it: it is in PostgreSQL then.
    if (!hasLostData) found.push(log.length === 0 ? "its log is gone" : "its log has no end");
    return found;
  }
  const chunks = log.map(({ payload }) => JSON.parse(payload) as Chunk | { type: "close" });
  const terminals = chunks.filter(({ type }) => type === "finish" || type === "abort" || type === "error");
  if (terminals.length !== 1) found.push(`its log has ${terminals.length} terminal chunks`);
  const logText = textUpTo(log, log.length);
  if (logText !== text) found.push(`what is stored is not what its log says: ${difference(text, logText)}`);
  return found;
}

function findWriterFaults({ writers }: GenerationEvidence): string[] {
  return writers
    .filter((epoch) => epoch.writers.length > 1)
    .map(({ epoch, writers: names }) => `epoch ${epoch} was written by ${names.join(" and by ")}`);
}

function findFollowerFaults(
  { events, hasEnded, error }: Followed,
  generation: GenerationEvidence,
  state: StoredState,
  { hasLostData }: Evidence,
): string[] {
  const found: string[] = [];
  if (error !== undefined) found.push(error);
  else if (!hasEnded) found.push("it was not shown the end in time");
  const shows = splitAtResets(events);
  // Without a log the stored message is shown, whose IDs cannot be gone on from.
  const mayBeginAgain = hasLostData || generation.log.length === 0;
  if (shows.length > 1 && !mayBeginAgain)
    found.push(`it was told to begin again ${shows.length - 1} times, and nothing was lost`);
  for (const show of shows) found.push(...findShowFaults(show, generation));
  const last = shows.at(-1) ?? [];
  if (!hasEnded) return found;
  const verdict = judge(last);
  if (verdict.starts !== 1) found.push(`${verdict.starts} chunks start`);
  if (verdict.terminals.length !== 1) found.push(`the terminal chunks ${verdict.terminals.join(", ") || "are none"}`);
  if (verdict.text !== state.text)
    found.push(`it was not shown what is stored: ${difference(verdict.text, state.text)}`);
  if (verdict.state !== state.state || verdict.code !== state.code) {
    found.push(`it was told ${verdict.state}, ${verdict.code}; stored is ${state.state}, ${state.code}`);
  }
  if (isClosed(generation.log)) found.push(...findWhatTheLogLacks(last, generation.log));
  else if (state.state === "completed" && generation.reasoning !== "" && !generation.isAmbiguous) {
    if (reasoningParts(last).at(-1) !== generation.reasoning) found.push("its last reasoning is not the model's");
  }
  return found;
}

/** What was shown from a start, or from a reset, on. */
function findShowFaults(show: readonly SeenEvent[], { answer, isAmbiguous }: GenerationEvidence): string[] {
  const { text, disorder, repeatedIds } = judge(show);
  const found = [...disorder, ...repeatedIds.map((id) => `the ID ${id} came twice`)];
  let lastEpoch = 0;
  for (const { id } of show) {
    const { epoch } = toPosition(id);
    if (epoch < lastEpoch) found.push(`the ID ${id} comes after epoch ${lastEpoch}`);
    lastEpoch = Math.max(lastEpoch, epoch);
  }
  if (!isAmbiguous && !answer.startsWith(text))
    found.push(`it was shown no prefix of the answer: ${difference(text, answer)}`);
  return found;
}

/** After each event, all text that was shown is that of the log up to the event's record. */
function findWhatTheLogLacks(show: readonly SeenEvent[], log: readonly LogEntry[]): string[] {
  let shown = "";
  let logText = "";
  let upTo = 0;
  for (const { data, id, event } of show) {
    if (event === "message") shown += deltaOf(data);
    const { epoch, seq } = toPosition(id);
    for (; upTo < seq; upTo++) logText += deltaOf(log[upTo]?.payload ?? "{}");
    const record = log[seq - 1];
    if (!record) return [`it was shown ${id}, which the log lacks`];
    if (epoch !== record.epoch && epoch !== 0)
      return [`it was shown ${id}, and the log has epoch ${record.epoch} there`];
    if (shown !== logText) return [`at ${id} it was shown other text than the log has: ${difference(shown, logText)}`];
  }
  return [];
}

function splitAtResets(events: readonly SeenEvent[]): SeenEvent[][] {
  const shows: SeenEvent[][] = [[]];
  for (const event of events) {
    if (event.event === "reset") shows.push([]);
    else shows.at(-1)?.push(event);
  }
  return shows;
}

function isClosed(log: readonly LogEntry[]): boolean {
  const last = log.at(-1);
  return last !== undefined && (JSON.parse(last.payload) as { type: string }).type === "close";
}

function textUpTo(log: readonly LogEntry[], seq: number): string {
  return log
    .slice(0, seq)
    .map(({ payload }) => deltaOf(payload))
    .join("");
}

function deltaOf(payload: string): string {
  const { type, delta } = JSON.parse(payload) as { type?: string; delta?: string };
  return type === "text-delta" ? (delta ?? "") : "";
}

function toPosition(id: string): { epoch: number; seq: number } {
  const [epoch, seq] = id.slice(id.indexOf(":") + 1).split(".");
  return { epoch: Number(epoch), seq: Number(seq) };
}

/** Where two texts part, for people. */
function difference(text: string, wanted: string): string {
  let at = 0;
  while (at < text.length && at < wanted.length && text[at] === wanted[at]) at += 1;
  const around = (whole: string): string => JSON.stringify(whole.slice(Math.max(0, at - 20), at + 20));
  return `${text.length} characters instead of ${wanted.length}; at ${at} ${around(text)} instead of ${around(wanted)}`;
}
