/**
 * Several nodes: what it costs that answers are kept in Redis, how many deltas a second 1, 2 and 3 nodes carry, how long an answer stands still
 * when its node is killed, and how much of Redis it takes. All processes share this machine's cores.
 */
import { setTimeout as sleep } from "node:timers/promises";
import { join } from "node:path";
import { createClient } from "@redis/client";
import { openRedisLog } from "@typebar/log/redis";
import { openCluster, openRedis, openScriptedModel } from "@typebar/testing";
import { type BenchResult, type BenchRow, percentile } from "../table.ts";
import { openBenchProcess } from "./bench-process.ts";
import { type Follower, openFollower } from "./follower.ts";
import { answerPerSecond, findMost } from "./most.ts";
import { openClusterSubject, openResumableSubject, openSqliteSubject, type Subject } from "./subjects.ts";

const modelPath = join(import.meta.dirname, "../latency/model-main.ts");
const paced = { answers: 100, perSecond: 20 };
const takenOver = { answers: 60, perSecond: 10 };
const askedAtOnce = 20;
const warmUpMs = 2000;
const measuredMs = 4000;
/** As long as a killed node's answers are waited for. */
const takeoverMs = 15_000;
const memoryAnswers = 20;
const writers = 300;
const memoryTokens = 1000;
const charactersOfToken = 4;
/** 50 tokens a second. */
const memoryDelayMs = 20;

type Add = (subject: string, metric: string, unit: string, value: number) => void;
type OpenSubject = (modelUrl: string) => Promise<Subject>;

const ofNodes =
  (nodes: number): OpenSubject =>
  (modelUrl) =>
    openClusterSubject("typebar", modelUrl, nodes);
const openResumable: OpenSubject = (modelUrl) => openResumableSubject(modelUrl, 3);

const parts: Readonly<Record<string, (add: Add) => Promise<void>>> = {
  async latency(add) {
    for (const open of [ofNodes(3), openSqliteSubject, openResumable]) await measureLatency(open, add);
  },
  async most(add) {
    for (const nodes of [1, 2, 3]) await measureMost(ofNodes(nodes), nodes, add);
    await measureMost(openSqliteSubject, 1, add);
  },
  async takeover(add) {
    for (const open of [ofNodes(3), openResumable]) await measureTakeover(open, add);
  },
  memory: measureMemory,
  appends: measureAppends,
};

/** @throws {Error} if a part is none. */
export async function benchCluster(names: readonly string[] = Object.keys(parts)): Promise<BenchResult> {
  const rows: BenchRow[] = [];
  const add: Add = (subject, metric, unit, value) => {
    rows.push({ subject, metric, unit, value });
    console.log(`${subject}: ${metric} ${value.toPrecision(4)} ${unit}`);
  };
  for (const name of names) {
    const measure = parts[name];
    if (!measure) throw new Error(`There is no part ${name}. There are: ${Object.keys(parts).join(", ")}.`);
    await measure(add);
  }
  return { name: "cluster", rows };
}

interface Load {
  answers: number;
  perSecond: number;
}

/** Has every node write its share of the answers. */
async function withFollowers(
  open: OpenSubject,
  { answers, perSecond }: Load,
  work: (subject: Subject, followers: { node: number; follower: Follower }[]) => Promise<void>,
): Promise<void> {
  await using model = await openBenchProcess(modelPath, [String(perSecond)]);
  await using subject = await open(model.url);
  const followers: { node: number; follower: Follower }[] = [];
  for (let index = 0; index < answers; index += askedAtOnce) {
    const nodes = Array.from(
      { length: Math.min(askedAtOnce, answers - index) },
      (_, at) => (index + at) % subject.nodeCount,
    );
    const begin = async (node: number) => ({ node, follower: openFollower(await subject.begin(node)) });
    followers.push(...(await Promise.all(nodes.map(begin))));
  }
  try {
    await sleep(warmUpMs);
    await work(subject, followers);
  } finally {
    for (const { follower } of followers) follower.close();
  }
}

async function measureLatency(open: OpenSubject, add: Add): Promise<void> {
  await withFollowers(open, paced, async ({ name }, followers) => {
    const ages: number[] = [];
    for (const { follower } of followers) follower.onDelta = (ageMs) => void ages.push(ageMs);
    await sleep(measuredMs);
    const sorted = Float64Array.from(ages).sort();
    add(name, "added_p50_ms_100", "ms", percentile(sorted, 0.5));
    add(name, "added_p99_ms_100", "ms", percentile(sorted, 0.99));
  });
}

async function measureMost(open: OpenSubject, nodes: number, add: Add): Promise<void> {
  await using model = await openBenchProcess(modelPath, [String(answerPerSecond)]);
  await using subject = await open(model.url);
  const { carried, endedBy, modelCores, readerCores } = await findMost(subject, model.url);
  add(subject.name, `most_deltas_per_s_${nodes}_nodes`, "deltas/s", carried);
  add(subject.name, `load_cores_at_most_${nodes}_nodes`, "cores", modelCores + readerCores);
  if (endedBy !== "nodes")
    console.log(`${subject.name}, ${nodes} nodes: ended by the ${endedBy}, the nodes carry more`);
}

/** From the kill until a follower at another node has a delta that the model said after it. */
async function measureTakeover(open: OpenSubject, add: Add): Promise<void> {
  await withFollowers(open, takenOver, async (subject, followers) => {
    const affected = followers.filter(({ node }) => node === 0);
    const killedMs = performance.now();
    const waits: number[] = [];
    for (const { follower } of affected) {
      follower.onDelta = (ageMs, atMs) => {
        if (atMs - ageMs <= killedMs) return;
        waits.push(atMs - killedMs);
        follower.onDelta = () => undefined;
      };
    }
    await subject.kill(0);
    const endMs = killedMs + takeoverMs;
    while (waits.length < affected.length && performance.now() < endMs) await sleep(50);
    add(subject.name, "went_on_after_kill", "of 1", waits.length / affected.length);
    if (waits.length === 0) return;
    const sorted = Float64Array.from(waits).sort();
    add(subject.name, "takeover_p50_ms", "ms", percentile(sorted, 0.5));
    add(subject.name, "takeover_p99_ms", "ms", percentile(sorted, 0.99));
  });
}

/** What whole answers take in Redis while they can still be resumed. */
async function measureMemory(add: Add): Promise<void> {
  await using model = await openScriptedModel();
  await using cluster = await openCluster({ nodes: 1, env: { OPENAI_BASE_URL: model.url, TYPEBAR_MODEL: "scripted" } });
  const redis = createClient({ url: cluster.redis.url });
  await redis.connect();
  const usedBytes = async (): Promise<number> => Number(/^used_memory:(\d+)/m.exec(await redis.info("memory"))?.[1]);
  const before = await usedBytes();
  await Promise.all(
    Array.from({ length: memoryAnswers }, async (_, index) => {
      const message = `script:plain:${index}:${memoryTokens * charactersOfToken} deltas:${memoryTokens} delay:${memoryDelayMs}`;
      const response = await fetch(`${cluster.nodes[0]?.url}/api/chat`, {
        method: "POST",
        headers: { "Content-Type": "application/json" },
        body: JSON.stringify({ message }),
      });
      if (!(await response.text()).includes("[DONE]")) throw new Error("an answer did not end");
    }),
  );
  add("typebar", "redis_kib_per_1000_tokens", "KiB", ((await usedBytes()) - before) / 1024 / memoryAnswers);
  redis.destroy();
}

/** How many appends a second one Redis takes, each of one token to a log of its own: at most so many tokens a second without gathering them. */
async function measureAppends(add: Add): Promise<void> {
  await using redis = await openRedis({ persistence: "everysec" });
  await using log = openRedisLog({ url: redis.url, windowMs: 0 });
  let count = 0;
  const endMs = performance.now() + measuredMs;
  const write = async (_: unknown, index: number): Promise<void> => {
    const lease = await log.acquire(`log-${index}`, { holder: "bench", ttlMs: 60_000 });
    if (!lease) throw new Error("a lease was not free");
    let { seq } = lease;
    while (performance.now() < endMs) {
      ({ seq } = (
        await log.append(lease.logId, { epoch: lease.epoch, seq }, ['{"type":"text-delta","id":"t0","delta":"word"}'])
      ).position);
      count += 1;
    }
  };
  await Promise.all(Array.from({ length: writers }, write));
  add("typebar", "redis_appends_per_s", "appends/s", (count * 1000) / measuredMs);
}
