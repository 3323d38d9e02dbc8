/**
 * A simulation of many nodes, by the very function that shares out what a dead one leaves: how evenly it is spread, how long it waits, and how
 * often PostgreSQL and Redis are asked. Nothing is measured here: what a question costs is told by `cluster`. Written up in docs/en/scale.md.
 */
import { chooseNode } from "@typebar/chat/operate";
import { createRandom, type Random } from "@typebar/testing";
import { type BenchResult, type BenchRow, percentile } from "../table.ts";

/** As the program has them. */
const leaseMs = 4000;
const renewalsPerSecond = 5 / (leaseMs / 1000);
const lostMs = 3000;
const beatMs = 1000;
const sweepMs = 1000;
const sweepSpread = 0.25;
const appendWindowMs = 15;
/** Beat, list, find what is unfinished. */
const statementsPerNodeAndSecond = 3;

/** Of each node. */
const answers = 300;
const tokensPerSecond = 50;
const trials = 30;

export async function benchScale(): Promise<BenchResult> {
  const random = createRandom(1);
  const rows: BenchRow[] = [];
  for (const nodes of [3, 10, 30, 100]) {
    const subject = `${nodes} nodes`;
    const add = (metric: string, unit: string, value: number): void => void rows.push({ subject, metric, unit, value });
    const waits: number[] = [];
    let worst = 0;
    for (let trial = 0; trial < trials; trial++) {
      const fate = killOne(nodes, random);
      waits.push(...fate.waitsMs);
      worst = Math.max(worst, fate.mostOverMean);
    }
    const sorted = Float64Array.from(waits).sort();
    add("takeover_p50_ms", "ms", percentile(sorted, 0.5));
    add("takeover_p99_ms", "ms", percentile(sorted, 0.99));
    add("most_over_mean_share", "ratio", worst);
    const running = nodes * answers;
    const appends = running * Math.min(tokensPerSecond, 1000 / appendWindowMs);
    add("redis_scripts_per_s_appends", "1/s", appends);
    // Each look tries for the leases of this node's share of all that runs.
    add("redis_scripts_per_s_leases", "1/s", running * renewalsPerSecond + running * (1000 / sweepMs));
    add("postgres_statements_per_s", "1/s", nodes * statementsPerNodeAndSecond);
  }
  return { name: "scale", rows };
}

interface Fate {
  /** Of each answer of the dead node, from its death until another has it. */
  waitsMs: number[];
  /** The largest share of what it left against an even one. */
  mostOverMean: number;
}

function killOne(nodes: number, random: Random): Fate {
  const ids = Array.from({ length: nodes }, (_, index) => `node-${index}-${random()}`);
  const dead = ids[0] ?? "";
  const others = ids.slice(1);
  // When each of the others looks next, at a random place in its rhythm, and when it knows that the dead one is dead.
  const phases = new Map(others.map((id) => [id, random() * sweepMs]));
  const knowsMs = new Map(others.map((id) => [id, lostMs + random() * beatMs]));
  const shares = new Map(others.map((id) => [id, 0]));
  const waitsMs = Array.from({ length: answers }, () => {
    const answer = String(random());
    const leaseEndsMs = leaseMs - random() * (1000 / tokensPerSecond);
    const before = chooseNode(answer, ids);
    const heir = chooseNode(answer, others) ?? "";
    shares.set(heir, (shares.get(heir) ?? 0) + 1);
    // What was not the dead one's share to take up is known to be another's all along.
    const readyMs = before === dead ? Math.max(leaseEndsMs, knowsMs.get(heir) ?? 0) : leaseEndsMs;
    let lookMs = phases.get(heir) ?? 0;
    while (lookMs < readyMs) lookMs += sweepMs * (1 - sweepSpread + 2 * sweepSpread * random());
    return lookMs;
  });
  return { waitsMs, mostOverMean: Math.max(...shares.values()) / (answers / others.length) };
}
