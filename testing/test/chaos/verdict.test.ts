/** Does the checker of the chaos runs see what is wrong? Evidence made by hand: right as a whole, and then wrong in one way each. */
import { expect, test } from "vitest";
import type { Evidence, GenerationEvidence, LogEntry } from "../../chaos/evidence.ts";
import type { Followed, SeenEvent } from "../../chaos/follower.ts";
import { findViolations } from "../../chaos/verdict.ts";

const metadata = (state: string, code?: string): object => ({
  type: "message-metadata",
  messageMetadata: { state, ...(code !== undefined && { code }) },
});
const delta = (text: string): object => ({ type: "text-delta", id: "t0", delta: text });
const begin = [
  { type: "start", messageId: "m" },
  { type: "text-start", id: "t0" },
];
const end = [{ type: "text-end", id: "t0" }, metadata("completed"), { type: "finish" }, { type: "close" }];

/** Written by two epochs: the second one took over after "on". */
function createLog(
  chunks: readonly object[] = [...begin, delta("on"), delta("ly "), delta("this"), ...end],
): LogEntry[] {
  return chunks.map((chunk, index) => ({ seq: index + 1, epoch: index < 3 ? 7 : 8, payload: JSON.stringify(chunk) }));
}

function follow(log: readonly LogEntry[]): Followed {
  const events = log.map(({ epoch, seq, payload }) => {
    const isClose = payload === '{"type":"close"}';
    return {
      atMs: seq,
      event: isClose ? "close" : "message",
      data: isClose ? "[DONE]" : payload,
      id: `g:${epoch}.${seq}`,
    };
  });
  return { events, hasEnded: true, error: undefined };
}

function createGeneration(changes: Partial<GenerationEvidence> = {}): GenerationEvidence {
  const log = createLog();
  return {
    message: "question",
    model: "scripted",
    generationId: "g",
    answer: "only this",
    reasoning: "",
    isStopAsked: false,
    isAmbiguous: false,
    followers: [follow(log)],
    log,
    late: follow(log),
    stored: [
      { generationId: "g", message: "question", state: "completed", code: undefined, takeovers: 1, text: "only this" },
    ],
    writers: [
      { epoch: 7, writers: ["A, life 1"] },
      { epoch: 8, writers: ["B, life 1"] },
    ],
    ...changes,
  };
}

function judge(generation: GenerationEvidence, changes: Partial<Evidence> = {}): string[] {
  const evidence: Evidence = {
    generations: [generation],
    hasLostData: false,
    hasBrokenModel: false,
    hasBrokenStore: false,
    modelViolations: [],
    takeovers: { A: 0, B: 1, C: 0 },
    ...changes,
  };
  return findViolations(evidence).map(({ what }) => what);
}

/** One follower whose events are changed; the log and the others are right. */
function judgeFollower(
  change: (events: Followed["events"]) => Followed["events"],
  changes: Partial<Evidence> = {},
): string[] {
  const followed = follow(createLog());
  return judge(createGeneration({ followers: [{ ...followed, events: change(followed.events) }] }), changes);
}

const change = (event: SeenEvent, id: string, changes: Partial<SeenEvent>): SeenEvent =>
  event.id === id ? { ...event, ...changes } : event;

const [stored] = createGeneration().stored;
const withState = (state: string, code?: string, text = "only this"): GenerationEvidence["stored"] =>
  stored ? [{ ...stored, state, code, text }] : [];

test("finds nothing in an answer that is right, also merged", () => {
  expect(judge(createGeneration())).toEqual([]);
  const merged = (events: Followed["events"]): Followed["events"] =>
    events
      .filter(({ id }) => id !== "g:8.4" && id !== "g:7.3")
      .map((event) => change(event, "g:8.5", { data: JSON.stringify(delta("only this")) }));
  expect(judgeFollower(merged)).toEqual([]);
});

test.each<[string, (events: Followed["events"]) => Followed["events"], RegExp]>([
  ["a piece is left out", (events) => events.filter(({ id }) => id !== "g:8.4"), /other text than the log has/],
  [
    "a piece comes twice",
    (events) => events.flatMap((event, at) => (at === 3 ? [event, event] : [event])),
    /came twice/,
  ],
  ["IDs go back", (events) => events.toSpliced(3, 2, ...events.slice(3, 5).toReversed()), /comes after seq/],
  [
    "an epoch goes back",
    (events) => events.map((event) => (event.id === "g:8.5" ? { ...event, id: "g:7.5" } : event)),
    /comes after epoch 8/,
  ],
  [
    "there is no terminal chunk",
    (events) => events.filter(({ data }) => !data.includes("finish")),
    /terminal chunks are none/,
  ],
  ["it begins twice", (events) => [...events.slice(0, 1), ...events], /2 chunks start/],
  [
    "a record is shown that the log lacks",
    (events) => events.map((event) => (event.event === "close" ? { ...event, id: "g:8.99" } : event)),
    /g:8.99, which the log lacks/,
  ],
  [
    "another text is shown",
    (events) =>
      events.map((event) => (event.id === "g:8.4" ? { ...event, data: JSON.stringify(delta("lx ")) } : event)),
    /no prefix of the answer/,
  ],
  [
    "a reset comes though nothing was lost",
    (events) => [...events.slice(0, 4), { atMs: 4, event: "reset", data: "{}", id: "g:8.0" }, ...events],
    /told to begin again 1 times/,
  ],
])("sees when to a follower %s", (_, change, sentence) => {
  expect(judgeFollower(change).join("\n")).toMatch(sentence);
});

test("takes a reset where Redis lost data, and still compares what comes after it", () => {
  const reset = { atMs: 4, event: "reset", data: "{}", id: "g:8.0" };
  const lost = { hasLostData: true };
  expect(judgeFollower((events) => [...events.slice(0, 4), reset, ...events], lost)).toEqual([]);
  const found = judgeFollower(
    (events) => [...events.slice(0, 4), reset, ...events.slice(0, -3), ...events.slice(-2)],
    lost,
  );
  expect(found).not.toEqual([]);
});

test.each<[string, Partial<GenerationEvidence>, RegExp]>([
  [
    "a follower is never shown the end",
    { followers: [{ events: [], hasEnded: false, error: undefined }] },
    /not shown the end/,
  ],
  ["a stream ends with an error", { followers: [{ events: [], hasEnded: false, error: "gone" }] }, /gone/],
  ["two processes write one epoch", { writers: [{ epoch: 7, writers: ["A", "B"] }] }, /written by A and by B/],
  ["it is stored twice", { stored: [...createGeneration().stored, ...createGeneration().stored] }, /stored 2 times/],
  ["it is not finished", { stored: withState("running") }, /never finished/],
  ["the stored text is another", { stored: withState("completed", undefined, "only") }, /is not the answer/],
  ["it is stopped by nobody", { stored: withState("stopped") }, /justifies/],
  ["it fails without a fault", { stored: withState("failed", "provider-error") }, /justifies/],
  ["its log has no end", { log: createLog().slice(0, -1) }, /has no end/],
  ["its log is gone", { log: [] }, /log is gone/],
  ["a record is missing in its log", { log: createLog().toSpliced(3, 1) }, /has the seq 5/],
  [
    "its log goes back",
    { log: createLog().with(4, { seq: 5, epoch: 6, payload: JSON.stringify(delta("this")) }) },
    /back from epoch 8 to 6/,
  ],
  ["its log ends twice", { log: createLog([...begin, ...end.slice(0, -1), ...end]) }, /2 terminal chunks/],
])("sees when %s", (_, change, sentence) => {
  expect(judge(createGeneration(change)).join("\n")).toMatch(sentence);
});

test("takes an end that the faults justify", () => {
  const chunks = [
    ...begin,
    delta("on"),
    { type: "text-end", id: "t0" },
    metadata("failed", "provider-error"),
    { type: "error" },
  ];
  const log = createLog([...chunks, { type: "close" }]);
  const failed = createGeneration({
    stored: withState("failed", "provider-error", "on"),
    log,
    followers: [follow(log)],
    late: follow(log),
  });
  expect(judge(failed, { hasBrokenModel: true })).toEqual([]);
});

test("sees a model that is asked wrongly, and takeovers that all fall to one node", () => {
  expect(judge(createGeneration(), { modelViolations: ["doubled"] })).toEqual(["the model was asked wrongly: doubled"]);
  expect(judge(createGeneration(), { takeovers: { A: 0, B: 31, C: 1 } }).join()).toMatch(/one node did 31 of 32/);
  expect(judge(createGeneration(), { takeovers: { A: 10, B: 12, C: 9 } })).toEqual([]);
});
