/** Seeded interleavings of publishing, cuts at any byte, coming back anywhere and eviction: in order, nothing missing, nothing twice. */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { RecordLog } from "@typebar/log";
import { openMemoryLog } from "@typebar/log/memory";
import { openSqliteLog } from "@typebar/log/sqlite";
import type { IncomingEvent } from "@typebar/sse";
import { openRedisLog } from "@typebar/log/redis";
import { expect, it } from "vitest";
import { pick, type Random, randomInteger } from "../../../../testing/src/random.ts";
import { openRedis } from "../../../../testing/src/redis.ts";
import { countOf, randomFor, seedText } from "../../../../testing/src/seed.ts";
import type { Hub } from "../../src/index.ts";
import { observeLog } from "../observed-log.ts";
import { eventually } from "../stream-server.ts";
import { type HubWorld, startHub } from "./hub-world.ts";

const channels = ["a", "b", "c"];
const reconnectCount = countOf({ usual: 300, long: 2500 });
const timeout = countOf({ usual: 60_000, long: 300_000 });
const readerCount = 6;

/** What one reader has seen of each channel, and whether that can be. */
interface Seen {
  /** Those that it follows. */
  channels: readonly string[];
  /** The last number of each channel; `undefined` where it does not matter which comes next. */
  last: Map<string, number | undefined>;
  resets: number;
  events: number;
  lastEventId: string;
}

interface Data {
  channel: string;
  number: number;
}

/** Readers follow all, one or two: a tail is then shared by several feeds. */
function toSome(index: number): readonly string[] {
  return [channels, channels.slice(0, 1), channels.slice(1), channels][index % 4] ?? channels;
}

/** @throws {Error} if it is not what comes next. */
function see(seen: Seen, { event, data, lastEventId }: IncomingEvent, isFresh: boolean): void {
  seen.lastEventId = lastEventId;
  if (event === "ready") {
    expect(JSON.parse(data)).toMatchObject({ resumed: !isFresh });
    return;
  }
  if (event === "reset") {
    seen.resets += 1;
    const { channel, reason } = JSON.parse(data) as { channel: string; reason: string };
    expect(reason).toBe("expired");
    seen.last.set(channel, undefined);
    return;
  }
  const { channel, number } = JSON.parse(data) as Data;
  const last = seen.last.get(channel);
  if (last !== undefined) expect(`${channel}${number}`).toBe(`${channel}${last + 1}`);
  seen.last.set(channel, number);
  seen.events += 1;
}

/** Publishes to all channels at its own pace until it is told to stop. Returns how many of each. */
async function publishAll(hubs: readonly Hub[], random: Random, isOver: () => boolean): Promise<Map<string, number>> {
  const counts = new Map(channels.map((channel) => [channel, 0]));
  while (!isOver()) {
    const channel = pick(channels, random);
    const from = counts.get(channel) ?? 0;
    const count = randomInteger(random, 1, pick([1, 3, 12], random));
    counts.set(channel, from + count);
    const events = Array.from({ length: count }, (_, index) => ({
      event: pick(["message", "quote"], random),
      data: { channel, number: from + index, text: "汉".repeat(randomInteger(random, 0, pick([3, 300], random))) },
    }));
    await pick(hubs, random).publish(channel, events);
    for (let turns = randomInteger(random, 0, 4); turns > 0; turns--) await new Promise(setImmediate);
  }
  return counts;
}

/** Comes once and is cut off after so many bytes, or so many events. What of it is whole has been seen. */
async function readOnce(world: HubWorld, seen: Seen, random: Random, until: () => boolean): Promise<void> {
  const isFresh = seen.lastEventId === "";
  const order = random() < 0.5 ? seen.channels : seen.channels.toReversed();
  const client = world.follow(`/${order.join()}`, isFresh ? {} : { lastEventId: seen.lastEventId });
  // Of the first 2 KB nothing but padding is cut.
  const enoughBytes = 2500 + randomInteger(random, 0, pick([300, 3000, 20_000], random));
  let bytes = 0;
  await client.until(() => {
    bytes = client.chunks.reduce((sum, { length }) => sum + length, 0);
    return bytes >= enoughBytes || until();
  });
  client.socket.destroy();
  // As if the connection had been cut in the middle of what came.
  if (bytes > enoughBytes) {
    const all = Buffer.concat(client.chunks).subarray(0, enoughBytes);
    client.chunks.splice(0, client.chunks.length, all);
  }
  for (const event of client.events()) see(seen, event, isFresh);
}

interface Run {
  /** One for each hub; of one store, if there are several. */
  logs: readonly RecordLog[];
  purpose: string;
  historyCount: number;
}

async function run({ logs, purpose, historyCount }: Run): Promise<Seen[]> {
  const random = randomFor(purpose);
  const observedLogs = logs.map(observeLog);
  const pause = async (): Promise<void> => {
    for (let turns = randomInteger(random, -2, 2); turns > 0; turns--) await new Promise(setImmediate);
  };
  await using stack = new AsyncDisposableStack();
  const worlds: HubWorld[] = [];
  for (const log of observedLogs) {
    log.pause = pause;
    const options = { log, history: { count: historyCount }, flushMs: pick([0, 0, 3], random) };
    worlds.push(stack.use(await startHub(options)));
  }
  const hubs = worlds.map(({ hub }) => hub);
  let reconnects = 0;
  const isOver = (): boolean => reconnects >= reconnectCount;
  const readers = Array.from({ length: readerCount }, async (_, index) => {
    const seen: Seen = { channels: toSome(index), last: new Map(), resets: 0, events: 0, lastEventId: "" };
    while (!isOver()) {
      await readOnce(pick(worlds, random), seen, random, isOver);
      reconnects += 1;
      if (random() < 0.1) for (let turns = 60; turns > 0; turns--) await new Promise(setImmediate);
    }
    return seen;
  });
  let isRead = false;
  const reading = Promise.all(readers).finally(() => (isRead = true));
  const [counts, all] = await Promise.all([publishAll(hubs, random, () => isRead), reading]);
  // Each comes once more, and reads to the end.
  for (const channel of channels) {
    await pick(hubs, random).publish(channel, { data: { channel, number: counts.get(channel) ?? 0 } });
  }
  for (const seen of all) {
    const client = pick(worlds, random).follow(`/${seen.channels.join()}`, { lastEventId: seen.lastEventId });
    const hasAll = (): boolean =>
      seen.channels.every((channel) =>
        client.body().includes(`"channel":"${channel}","number":${counts.get(channel)}}`),
      );
    await client.until(hasAll);
    for (const event of client.events()) see(seen, event, false);
    expect([...seen.last].toSorted(([a], [b]) => a.localeCompare(b))).toEqual(
      seen.channels.map((channel) => [channel, counts.get(channel)]),
    );
  }
  for (const world of worlds) await world.leave();
  await eventually(() => observedLogs.every(({ watcherCount }) => watcherCount === 0));
  return all;
}

const sum = (all: Seen[], key: "resets" | "events"): number => all.reduce((total, seen) => total + seen[key], 0);

const kept = 1_000_000;
const evicting = 10;

function check(all: Seen[], historyCount: number): void {
  expect(sum(all, "resets") > 0).toBe(historyCount === evicting);
  expect(sum(all, "events")).toBeGreaterThan(1000);
}

it.each([1, 2, 3, 4])(
  `through ${reconnectCount} reconnects on the memory log, run %d, ${seedText}`,
  { timeout },
  async (index) => {
    await using log = openMemoryLog();
    check(await run({ logs: [log], purpose: `hub ${index}`, historyCount: kept }), kept);
  },
);

it.each([1, 2])(
  `through ${reconnectCount} reconnects and evictions on the memory log, run %d, ${seedText}`,
  { timeout },
  async (index) => {
    await using log = openMemoryLog();
    check(await run({ logs: [log], purpose: `hub evicting ${index}`, historyCount: evicting }), evicting);
  },
);

it.each([kept, evicting])(
  `through ${reconnectCount} reconnects on the SQLite log with a history of %d, ${seedText}`,
  { timeout },
  async (historyCount) => {
    const dir = await mkdtemp(join(tmpdir(), "typebar-hub-"));
    try {
      await using log = openSqliteLog({ path: join(dir, "log.db") });
      check(await run({ logs: [log], purpose: `hub sqlite ${historyCount}`, historyCount }), historyCount);
    } finally {
      await rm(dir, { recursive: true, force: true });
    }
  },
);

it.each([kept, evicting])(
  `through ${reconnectCount} reconnects between two hubs of one Redis with a history of %d, ${seedText}`,
  { timeout },
  async (historyCount) => {
    await using redis = await openRedis();
    await using first = openRedisLog({ url: redis.url });
    await using second = openRedisLog({ url: redis.url });
    const all = await run({ logs: [first, second], purpose: `hub redis ${historyCount}`, historyCount });
    check(all, historyCount);
  },
);
