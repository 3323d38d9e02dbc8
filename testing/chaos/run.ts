/** Plan -> a world, its load and its faults at the same time, and what was wrong in the end. Called by main.ts. */
import { setTimeout as sleep } from "node:timers/promises";
import { type Happening, seconds, writeAccount } from "./account.ts";
import { within } from "./clock.ts";
import { collectEvidence } from "./collect.ts";
import type { Evidence, StoredState } from "./evidence.ts";
import { applyFault, describeFault } from "./faults.ts";
import { ask, type Asked } from "./load.ts";
import type { Fault, Plan, PlannedFault } from "./plan.ts";
import { readStored } from "./read-stores.ts";
import { findViolations } from "./verdict.ts";
import type { World } from "./world.ts";

export interface ChaosResult {
  faults: number;
  followers: number;
  violations: number;
  /** How many answers came to which end. */
  ends: Readonly<Record<string, number>>;
  /** For people; empty if nothing was wrong. */
  account: string;
}

/** After the last fault every follower must have been shown the end in so much time, in milliseconds. */
const endWithinMs = 15_000;
/** And so much later nothing may be unfinished in PostgreSQL. */
const storedWithinMs = 10_000;

/** @throws the signal's reason. */
export async function runChaos(
  world: World,
  plan: Plan,
  { signal, tell }: { signal: AbortSignal; tell: (line: string) => void },
): Promise<ChaosResult> {
  const startMs = performance.now();
  const now = (): number => performance.now() - startMs;
  const happenings: Happening[] = [];
  const happened = (text: string): void => {
    happenings.push({ atMs: now(), text });
    tell(`${seconds(now())}  ${text}`);
  };
  const asked = plan.generations.map((planned): Asked => ({
    planned,
    generationId: undefined,
    isStopAsked: false,
    followed: planned.followers.map(() => ({ events: [], hasEnded: false, error: undefined })),
  }));
  const over = new AbortController();
  const loadSignal = AbortSignal.any([signal, over.signal]);
  let going = asked.length;
  const load = Promise.all(
    asked.map(async (one) => {
      await sleep(one.planned.atMs, undefined, { signal: loadSignal });
      await ask(one, { url: world.url, signal: loadSignal, now });
      going -= 1;
    }),
  );
  const faults: Fault[] = [];

  async function runLane(lane: readonly PlannedFault[]): Promise<void> {
    for (const { pauseMs, fault } of lane) {
      await sleep(pauseMs, undefined, { signal });
      faults.push(fault);
      happened(`${describeFault(fault)}; ${going} answers go on`);
      await applyFault(world, fault, signal);
      happened(`${fault.type} is over`);
    }
  }

  const lastStart = Math.max(...plan.generations.map(({ atMs }) => atMs));
  load.catch(() => undefined);
  const ends = await Promise.allSettled([
    ...plan.lanes.map((lane) => runLane(lane)),
    sleep(lastStart, undefined, { signal }),
  ]);
  // Not before every lane has let go of what it was about to start.
  for (const end of ends) if (end.status === "rejected") throw end.reason;
  happened(`the last fault is over; ${going} answers go on`);
  await Promise.race([load, within(endWithinMs, () => (signal.aborted || going === 0 ? true : undefined))]);
  signal.throwIfAborted();
  happened(`${going} answers still go on`);
  over.abort();
  await load;

  await within(storedWithinMs, async () => {
    const stored = await readStored(world.postgres.url);
    return stored.some(({ state }) => state === "queued" || state === "running") ? undefined : true;
  });
  const evidence = await collectEvidence(world, { asked, faults, now });
  const violations = findViolations(evidence);
  const codes = countBy(evidence, ({ state, code }) => (code === undefined ? state : `${state}, ${code}`));
  tell(`takeovers: ${JSON.stringify(evidence.takeovers)}; ends: ${JSON.stringify(codes)}`);
  const nodeLines = Object.values(world.nodes).flatMap(({ name, lines }) => lines.map((line) => `${name}: ${line}`));
  return {
    faults: faults.length,
    followers: asked.reduce((sum, { followed }) => sum + followed.length, 0),
    violations: violations.length,
    ends: countBy(evidence, ({ state }) => state),
    account: writeAccount({ evidence, violations, happenings, nodeLines }),
  };
}

function countBy({ generations }: Evidence, nameOf: (stored: StoredState) => string): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const stored of generations.flatMap((generation) => generation.stored)) {
    const name = nameOf(stored);
    counts[name] = (counts[name] ?? 0) + 1;
  }
  return counts;
}
