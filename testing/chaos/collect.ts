/** Reads, when all is over, what followers, nodes, stores and the model have to say. Called by run.ts. */
import { openEventStream } from "@typebar/client";
import { type ScriptedRequest, scriptedAnswer, scriptedReasoning } from "@typebar/testing";
import type { Evidence, GenerationEvidence, StoredState } from "./evidence.ts";
import { follow, type Followed } from "./follower.ts";
import type { Asked } from "./load.ts";
import { type Fault, nodeNames } from "./plan.ts";
import { readLogs, readStored } from "./read-stores.ts";
import type { World } from "./world.ts";

export interface CollectOptions {
  asked: readonly Asked[];
  faults: readonly Fault[];
  now(): number;
}

/** How long one look at an answer that has ended may take, in milliseconds. */
const lateMs = 15_000;
/** So few kept characters do not tell a model that begins again from one that goes on with the same words. */
const tooFewToTell = 4;

export async function collectEvidence(world: World, { asked, faults, now }: CollectOptions): Promise<Evidence> {
  const stored = Map.groupBy(await readStored(world.postgres.url), ({ message }) => message);
  const { requests, violations } = await world.model.read();
  const ambiguous = findAmbiguous(requests);
  const idOf = ({ generationId, planned }: Asked): string =>
    generationId ?? stored.get(planned.message)?.[0]?.generationId ?? "";
  const logs = await readLogs(world.redis.port, asked.map(idOf));
  const generations: GenerationEvidence[] = [];
  for (const [index, one] of asked.entries()) {
    const { planned, isStopAsked, followed } = one;
    const { message, model } = planned;
    const generationId = idOf(one);
    const states: StoredState[] = stored.get(message) ?? [];
    generations.push({
      message,
      model,
      generationId,
      answer: scriptedAnswer(message),
      reasoning: scriptedReasoning(message),
      isStopAsked,
      isAmbiguous: ambiguous.has(message),
      followers: followed,
      log: logs[index] ?? [],
      // Of an answer that does not end, the followers tell.
      late: await readLate(world.nodes[nodeNames[index % nodeNames.length] ?? "A"].url, generationId, now),
      stored: states,
      writers: world.writers.of(generationId),
    });
  }
  const types = new Set(faults.map(({ type }) => type));
  const storeFaults = [
    "kill-redis",
    "freeze-redis",
    "lose-redis",
    "restart-postgres",
    "partition",
    "cut-node",
  ] as const;
  return {
    generations,
    hasLostData: types.has("lose-redis"),
    hasBrokenModel: types.has("break-model"),
    hasBrokenStore: storeFaults.some((type) => types.has(type)),
    // What follows from text that nobody could tell apart is no fault of a node's.
    modelViolations: violations.filter((text) => ![...ambiguous].some((message) => text.includes(`"${message}"`))),
    takeovers: countTakeovers(world),
  };
}

async function readLate(url: string, generationId: string, now: () => number): Promise<Followed> {
  const followed: Followed = { events: [], hasEnded: false, error: undefined };
  const signal = AbortSignal.timeout(lateMs);
  const open = (): ReturnType<typeof openEventStream> =>
    openEventStream(`${url}/api/generations/${generationId}/events`, { signal, suppressDuplicates: false });
  await follow({ open, leaves: [], signal, now, followed });
  return followed;
}

function findAmbiguous(requests: readonly ScriptedRequest[]): Set<string> {
  const found = requests.filter(
    ({ model, kind, keptText }) => model === "restarts" && kind === "prefill" && keptText.length < tooFewToTell,
  );
  return new Set(found.map(({ key }) => key));
}

function countTakeovers({ nodes }: World): Record<string, number> {
  return Object.fromEntries(
    Object.values(nodes).map(({ name, lines }) => [
      name,
      lines.filter((line) => line.includes('"takeover":true') && line.includes("an answer begins")).length,
    ]),
  );
}
