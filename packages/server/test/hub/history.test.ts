import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { RecordLog } from "@typebar/log";
import { openMemoryLog } from "@typebar/log/memory";
import { openSqliteLog } from "@typebar/log/sqlite";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { dataOf, type HubWorld, lastIdOf, numbers, startHub, untilCount } from "./hub-world.ts";

const hourMs = 3_600_000;
let dir: string;
let nowMs: number;

beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), "typebar-hub-"));
  nowMs = 1_700_000_000_000;
});
afterEach(async () => {
  vi.useRealTimers();
  await rm(dir, { recursive: true, force: true });
});

const logs: Array<[name: string, open: () => RecordLog]> = [
  ["memory", () => openMemoryLog({ now: () => nowMs })],
  ["sqlite", () => openSqliteLog({ path: join(dir, "log.db"), now: () => nowMs })],
];

/** The store's clock and the wheel of the hub go on; sockets as ever. */
async function pass(ms: number): Promise<void> {
  const stepMs = Math.min(ms, 10_000);
  for (let passed = 0; passed < ms; passed += stepMs) {
    nowMs += stepMs;
    vi.advanceTimersByTime(stepMs);
  }
  await new Promise(setImmediate);
}

const useVirtualTime = (): void => void vi.useFakeTimers({ toFake: ["setInterval", "clearInterval"] });
/** So that nobody is rotated or found silent meanwhile. */
const timings = { heartbeatMs: 10 * hourMs, rotateMs: 10 * hourMs };

/** All that a client gets who comes with an ID that is none: what is kept, oldest first. */
async function keptOf(world: HubWorld, last: unknown, channel = "rates"): Promise<unknown[]> {
  const client = await world.join(`/${channel}`, { lastEventId: "none" });
  await client.until(() => dataOf(client).at(-1) === last);
  client.socket.destroy();
  return dataOf(client).slice(1);
}

describe.each(logs)("on the %s log", (_, openLog) => {
  it("keeps so many events, an eighth more at most", async () => {
    await using log = openLog();
    await using world = await startHub({ log, history: { count: 40 } });
    for (const event of numbers(1, 200)) {
      await world.hub.publish("rates", event);
      if (event.data % 17 > 0) continue;
      const kept = await keptOf(world, event.data);
      expect(kept).toEqual(numbers(event.data - kept.length + 1, kept.length).map(({ data }) => data));
      expect(kept.length).toBeLessThanOrEqual(45);
      expect(kept.length).toBeGreaterThanOrEqual(Math.min(40, event.data));
    }
  });

  it.each(["x", "汉"])("keeps events of so many bytes of UTF-8, an eighth more at most: %s", async (character) => {
    await using log = openLog();
    const bytes = 10_000;
    await using world = await startHub({ log, history: { bytes } });
    const eventBytes = 300;
    const text = character.repeat(eventBytes / Buffer.byteLength(character));
    for (let index = 0; index < 200; index++) {
      await world.hub.publish("rates", { data: `${String(index).padStart(3)}${text}` });
    }
    const kept = (await keptOf(world, `199${text}`)) as string[];
    const keptBytes = kept.reduce((sum, data) => sum + Buffer.byteLength(`message\n"${data}"`), 0);
    expect(keptBytes).toBeLessThanOrEqual((bytes * 9) / 8);
    expect(keptBytes).toBeGreaterThan(bytes - 2 * eventBytes);
  });

  it("resets one who comes back after an hour, and never leaves a gap", async () => {
    await using log = openLog();
    useVirtualTime();
    await using world = await startHub({ log, timings, history: { ageMs: hourMs } });
    await world.hub.publish("rates", { data: 0 });
    const reader = await world.join("/rates");
    await world.hub.publish("rates", numbers(1, 2));
    await untilCount(reader, 2);
    const id = lastIdOf(reader);
    await world.leave();
    // Within the hour all of it is there.
    await world.hub.publish("rates", numbers(3, 2));
    await pass(hourMs - 60_000);
    const soon = await world.join("/rates", { lastEventId: id });
    await untilCount(soon, 2);
    expect(dataOf(soon)).toEqual([3, 4]);
    await world.leave();
    await world.hub.publish("rates", { data: 5 });
    await pass(120_000);
    const late = await world.join("/rates", { lastEventId: id });
    await untilCount(late, 2);
    expect(dataOf(late)).toEqual(["expired", 5]);
  });

  it("forgets what came of age while the channel was silent, whoever asks first", async () => {
    await using log = openLog();
    useVirtualTime();
    const id = await (async () => {
      await using world = await startHub({ log, timings, history: { ageMs: hourMs } });
      const first = await world.hub.publish("rates", { data: 0 });
      await world.hub.publish("rates", numbers(1, 5));
      return first.id;
    })();
    // By another hub of the same log: it has seen none of it.
    await using world = await startHub({ log, timings, history: { ageMs: hourMs } });
    await pass(2 * hourMs);
    const late = await world.join("/rates", { lastEventId: id });
    await untilCount(late, 2);
    // A log keeps its last record always.
    expect(dataOf(late)).toEqual(["expired", 5]);
    const fresh = await world.join("/rates?history=100");
    await untilCount(fresh, 1);
    expect(dataOf(fresh)).toEqual([5]);
  });

  it("keeps its bounds after a restart with narrower ones", async () => {
    await using log = openLog();
    {
      await using world = await startHub({ log, history: { count: 1000 } });
      await world.hub.publish("rates", numbers(0, 100));
    }
    await using world = await startHub({ log, history: { count: 10 } });
    expect(await keptOf(world, 99)).toEqual(numbers(90, 10).map(({ data }) => data));
  });
});

it("looks through a channel once for a herd that comes back to it, not once for each", async () => {
  const log = openMemoryLog();
  const trimming = vi.spyOn(log, "trim");
  await using world = await startHub({ log });
  await log.append("channel:rates", "any", ["message\n1", "message\n2"]);
  await Promise.all(Array.from({ length: 30 }, () => world.join("/rates")));
  for (let index = 0; index < 10; index++) await world.join("/rates");
  expect(trimming.mock.calls.length).toBe(1);
});

it("remembers nothing of channels that were only asked for", async () => {
  const log = openMemoryLog();
  useVirtualTime();
  const trimming = vi.spyOn(log, "trim");
  await using world = await startHub({ log, timings, history: { ageMs: hourMs } });
  for (let index = 0; index < 20; index++) await world.join(`/channel-${index}`);
  await pass(60_000);
  expect(trimming).not.toHaveBeenCalled();
});

it("lets go of a channel once all of it has come of age", async () => {
  const log = openMemoryLog({ now: () => nowMs });
  useVirtualTime();
  const trimming = vi.spyOn(log, "trim");
  await using world = await startHub({ log, timings, history: { ageMs: 60_000 } });
  await world.hub.publish("rates", numbers(0, 3));
  await pass(180_000);
  const count = trimming.mock.calls.length;
  expect(count).toBeGreaterThan(0);
  await pass(600_000);
  expect(trimming.mock.calls.length).toBe(count);
  expect(vi.getTimerCount()).toBe(0);
});
