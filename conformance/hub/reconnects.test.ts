/** Followers through cuts at random bytes, behind every adapter: each event once, in order, under the right ID. */
import { setTimeout as sleep } from "node:timers/promises";
import {
  type ConnectionPlan,
  countOf,
  cuts,
  openFaultyProxy,
  pick,
  type Random,
  randomFor,
  randomInteger,
  seed,
  seedText,
} from "@typebar/testing";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { type Adapter, adapters } from "./adapters.ts";
import { type Follower, follow } from "./follower.ts";

const resumesPerAdapter = countOf({ usual: 300, long: 10_000 });
const timeout = countOf({ usual: 120_000, long: 900_000 });
const channels = ["a", "b", "c"];
const followed = [["a"], ["a", "b"], ["b", "c"], ["a", "b", "c"]];
const followerCount = countOf({ usual: 12, long: 48 });
/** The head and the first lines of a response are about so long, in bytes. */
const openingBytes = 2600;

/** Where one connection is cut: sometimes in the head or the first lines, mostly among the events. */
function planCut(random: Random): ConnectionPlan {
  const cutAfterBytes = randomInteger(random, 0, openingBytes) + (random() < 0.8 ? randomInteger(random, 0, 4000) : 0);
  const cut = pick(
    cuts.filter((kind) => kind !== "stall"),
    random,
  );
  return { cutAfterBytes, cut, ...(random() < 0.2 && { splitBytes: randomInteger(random, 1, 400) }) };
}

async function run(
  adapter: Adapter,
  signal: AbortSignal,
): Promise<{ faults: string[]; resumes: number; publishedCount: number }> {
  const random = randomFor(`hub reconnects ${adapter.name}`);
  await using server = await adapter.open({ history: { count: 10_000_000 } });
  let cutsGoOn = true;
  await using proxy = await openFaultyProxy({
    target: server,
    seed: seed ^ randomInteger(random, 0, 0x7fffffff),
    plan: (_connection, proxyRandom) => (cutsGoOn ? planCut(proxyRandom) : {}),
  });
  const followers: Follower[] = [];
  const published = new Map(channels.map((channel) => [channel, 0]));

  async function publish(channel: string, count: number): Promise<void> {
    const last = published.get(channel) ?? 0;
    published.set(channel, last + count);
    const data = Array.from({ length: count }, (_, index) => ({ channel, number: last + 1 + index }));
    await server.control({ type: "publish", channel, data });
  }

  /** Of events that were published and have not come. */
  const lagOf = ({ channels, reached }: Follower): number =>
    channels.reduce((sum, channel) => sum + (published.get(channel) ?? 0) - reached(channel), 0);

  const countResumes = (): number => followers.reduce((sum, { resumeCount }) => sum + resumeCount, 0);

  for (let index = 0; index < followerCount; index += 1) {
    const followerRandom = randomFor(`hub follower ${adapter.name} ${index}`);
    const names = followed[index % followed.length] ?? channels;
    followers.push(follow({ port: proxy.port, channels: names, random: followerRandom, leaves: () => cutsGoOn }));
  }
  while (countResumes() < resumesPerAdapter) {
    // The cuts let through less than could be published: those who come back are to find the end now and then.
    if (Math.max(...followers.map(lagOf)) < 300) {
      const count = random() < 0.1 ? randomInteger(random, 20, 200) : randomInteger(random, 1, 5);
      await publish(pick(channels, random), count);
    }
    if (random() < 0.01) await server.control({ type: "cut" });
    await sleep(randomInteger(random, 0, 4), undefined, { signal });
  }
  cutsGoOn = false;
  for (const channel of channels) await publish(channel, 1);
  proxy.cutAll();
  while (followers.some((follower) => lagOf(follower) > 0) && followers.every(({ faults }) => faults.length === 0))
    await sleep(5, undefined, { signal });
  await Promise.all(followers.map((follower) => follower.leave()));
  for (;;) {
    const { openCount } = await server.control({ type: "state" });
    if (openCount === 0) break;
    await sleep(5, undefined, { signal });
  }
  return {
    faults: followers.flatMap(({ faults }) => faults.slice(0, 3)),
    resumes: countResumes(),
    publishedCount: [...published.values()].reduce((sum, count) => sum + count, 0),
  };
}

beforeEach(() => {
  vi.spyOn(console, "error");
  // @hono/node-server notes every stream that is cut off, in one line.
  vi.spyOn(console, "info").mockReturnValue(undefined);
});
afterEach(() => {
  // A fault is something else, also where a stream is cut off before its head was sent.
  expect(console.error).not.toHaveBeenCalled();
  vi.restoreAllMocks();
});

describe(`followers that are cut off at random (${seedText})`, () => {
  describe.each(adapters)("$name", (adapter) => {
    if (adapter.missing !== undefined) {
      console.warn(`The hub is not tested in ${adapter.name} here: ${adapter.missing}.`);
      it.todo(`is not here: ${adapter.missing}`);
      return;
    }

    it(`gets each event once, in order, over ${resumesPerAdapter} resumes`, { timeout }, async ({ signal }) => {
      const { faults, resumes, publishedCount } = await run(adapter, signal);
      expect(faults).toEqual([]);
      expect(resumes).toBeGreaterThanOrEqual(resumesPerAdapter);
      expect(publishedCount).toBeGreaterThan(channels.length);
    });
  });
});
