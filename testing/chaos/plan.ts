/** Seed -> everything that a chaos run will do: who asks what and follows how, and what breaks when. Pure; read by main.ts. */
import {
  createRandom,
  type Direction,
  hashText,
  pick,
  type Random,
  randomInteger,
  type ScriptedModelName,
} from "@typebar/testing";

export const nodeNames = ["A", "B", "C"] as const;
export type NodeName = (typeof nodeNames)[number];

/** A follower goes away after so many events, for so long, and comes back to where it was. */
export interface PlannedLeave {
  afterEvents: number;
  awayMs: number;
}

export interface PlannedFollower {
  /** After it is known what there is to follow. */
  delayMs: number;
  leaves: readonly PlannedLeave[];
}

export interface PlannedGeneration {
  atMs: number;
  /** The question, which is also the script of the answer. */
  message: string;
  model: ScriptedModelName;
  key: string;
  /** Its asker asks for a stop after so many events. */
  stopAfterEvents: number | undefined;
  /** The first one is the asker. */
  followers: readonly PlannedFollower[];
}

export type Fault =
  | { type: "kill-node"; node: NodeName; downMs: number }
  | { type: "freeze-node"; node: NodeName; forMs: number }
  | { type: "restart-nodes"; nodes: readonly NodeName[] }
  | { type: "cut-node"; node: NodeName; from: StoreName }
  | { type: "partition"; node: NodeName; from: StoreName; direction: Direction; forMs: number }
  | { type: "cut-followers" }
  | { type: "kill-redis"; downMs: number }
  | { type: "freeze-redis"; forMs: number }
  /** It comes back with what it held some time before. */
  | { type: "lose-redis"; backMs: number; downMs: number }
  | { type: "restart-postgres"; how: "fast" | "crash"; downMs: number }
  | { type: "break-model"; how: "refuse" | "stall" | "reset" | "500"; forMs: number };

export type StoreName = "redis" | "postgres";

export interface PlannedFault {
  /** After the one before it in its lane. */
  pauseMs: number;
  fault: Fault;
}

export interface Plan {
  seed: number;
  /** When Redis writes to the disk. */
  persistence: "always" | "everysec";
  generations: readonly PlannedGeneration[];
  /** What goes on at the same time; in each lane one thing after the other. */
  lanes: readonly (readonly PlannedFault[])[];
}

interface Size {
  generations: number;
  /** How long generations are begun for. */
  loadMs: number;
  longestAnswerMs: number;
  longestFreezeMs: number;
  nodeFaults: number;
  storeFaults: number;
  modelFaults: number;
}

const full: Size = {
  generations: 300,
  loadMs: 75_000,
  longestAnswerMs: 7000,
  longestFreezeMs: 20_000,
  nodeFaults: 14,
  storeFaults: 10,
  modelFaults: 5,
};
const short: Size = {
  generations: 40,
  loadMs: 14_000,
  longestAnswerMs: 5000,
  longestFreezeMs: 6000,
  nodeFaults: 4,
  storeFaults: 3,
  modelFaults: 1,
};

export function createPlan(seed: number, isShort: boolean): Plan {
  const size = isShort ? short : full;
  const randomFor = (purpose: string): Random => createRandom(seed ^ hashText(`chaos ${purpose}`));
  const load = randomFor("load");
  const persistence = randomFor("persistence")() < 0.5 ? "always" : "everysec";
  return {
    seed,
    persistence,
    generations: Array.from({ length: size.generations }, (_, index) =>
      planGeneration(seed, index, size, load),
    ).toSorted((left, right) => left.atMs - right.atMs),
    lanes: [
      planNodeLane(size, randomFor("nodes")),
      planStoreLane(size, persistence, randomFor("stores")),
      planModelLane(size, randomFor("model")),
    ],
  };
}

function planGeneration(seed: number, index: number, size: Size, random: Random): PlannedGeneration {
  const durationMs = randomInteger(random, 200, size.longestAnswerMs);
  const delayMs = randomInteger(random, 5, 30);
  // A delta holds 6.5 characters on the average.
  const length = Math.max(30, Math.round((durationMs / delayMs) * 6.5));
  const flavour = pick(["mixed", "mixed", "plain", "markdown"], random);
  const words = [`script:${flavour}:${(seed % 1000) * 1000 + index}:${length}`, `delay:${delayMs}`];
  if (random() < 0.15) words.push("reasoning:150");
  if (random() < 0.1) words.push(`first:${randomInteger(random, 100, 1500)}`);
  return {
    atMs: randomInteger(random, 0, size.loadMs),
    message: words.join(" "),
    model: pick(models, random),
    key: `chaos-${seed}-${index}`,
    stopAfterEvents: random() < 0.06 ? randomInteger(random, 5, 40) : undefined,
    followers: Array.from({ length: 3 }, (_, follower) => ({
      delayMs: follower === 0 ? 0 : randomInteger(random, 0, durationMs),
      leaves: Array.from({ length: random() < 0.5 ? 0 : randomInteger(random, 1, 3) }, () => ({
        afterEvents: randomInteger(random, 1, 60),
        awayMs: randomInteger(random, 0, 1500),
      })),
    })),
  };
}

/** As often as they stand here. */
const models: readonly ScriptedModelName[] = [
  "scripted",
  "scripted",
  "scripted",
  "scripted",
  "scripted",
  "overlaps",
  "overlaps",
  "prompt-only",
  "restarts",
  "no-prefill",
];

const directions: readonly Direction[] = ["both", "to-server", "to-client"];
const storeNames: readonly StoreName[] = ["redis", "postgres"];

function planNodeLane(size: Size, random: Random): PlannedFault[] {
  const kinds = shuffle(
    [
      "kill-node",
      "kill-node",
      "freeze-node",
      "partition",
      "partition",
      "restart-nodes",
      "cut-node",
      "cut-followers",
    ] as const,
    random,
  );
  return Array.from({ length: size.nodeFaults }, (_, index): PlannedFault => {
    const node = pick(nodeNames, random);
    const from = pick(storeNames, random);
    const toFault = {
      "kill-node": (): Fault => ({ type: "kill-node", node, downMs: randomInteger(random, 0, 4000) }),
      "freeze-node": (): Fault => ({
        type: "freeze-node",
        node,
        forMs: randomInteger(random, 1000, size.longestFreezeMs),
      }),
      partition: (): Fault => ({
        type: "partition",
        node,
        from,
        direction: pick(directions, random),
        forMs: randomInteger(random, 1000, 6000),
      }),
      "restart-nodes": (): Fault => ({
        type: "restart-nodes",
        nodes: random() < 0.5 ? [node] : shuffle(nodeNames, random),
      }),
      "cut-node": (): Fault => ({ type: "cut-node", node, from }),
      "cut-followers": (): Fault => ({ type: "cut-followers" }),
    };
    const kind = kinds[index % kinds.length] ?? "kill-node";
    return { pauseMs: randomInteger(random, 300, 2500), fault: toFault[kind]() };
  });
}

function planStoreLane(size: Size, persistence: Plan["persistence"], random: Random): PlannedFault[] {
  const kinds = shuffle(
    [
      "kill-redis",
      persistence === "everysec" ? "lose-redis" : "kill-redis",
      "restart-postgres",
      "freeze-redis",
    ] as const,
    random,
  );
  return Array.from({ length: size.storeFaults }, (_, index): PlannedFault => {
    const downMs = randomInteger(random, 0, 2000);
    const toFault = {
      "kill-redis": (): Fault => ({ type: "kill-redis", downMs }),
      "freeze-redis": (): Fault => ({ type: "freeze-redis", forMs: randomInteger(random, 500, 5000) }),
      "lose-redis": (): Fault => ({ type: "lose-redis", backMs: randomInteger(random, 100, 1000), downMs }),
      "restart-postgres": (): Fault => ({ type: "restart-postgres", how: pick(["fast", "crash"], random), downMs }),
    };
    const kind = kinds[index % kinds.length] ?? "kill-redis";
    return { pauseMs: randomInteger(random, 1500, 6000), fault: toFault[kind]() };
  });
}

/** Of those that ask meanwhile, "refuse" and "500" end each one for good: long ones would leave few answers for the other faults. */
const longestModelFaultMs = { refuse: 400, "500": 400, stall: 2500, reset: 0 };

function planModelLane(size: Size, random: Random): PlannedFault[] {
  return Array.from({ length: size.modelFaults }, (): PlannedFault => {
    const pauseMs = randomInteger(random, 4000, 12_000);
    const how = pick(["refuse", "stall", "reset", "500"] as const, random);
    const longestMs = longestModelFaultMs[how];
    return {
      pauseMs,
      fault: { type: "break-model", how, forMs: randomInteger(random, Math.min(100, longestMs), longestMs) },
    };
  });
}

function shuffle<Item>(items: readonly Item[], random: Random): Item[] {
  return items
    .map((item) => ({ item, order: random() }))
    .toSorted((left, right) => left.order - right.order)
    .map(({ item }) => item);
}
