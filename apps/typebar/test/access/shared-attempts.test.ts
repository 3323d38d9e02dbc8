/** Wrong passwords at several servers over a real Redis: they are counted together, however they are spread. */
import { openRedisLog } from "@typebar/log/redis";
import type { RecordLog } from "@typebar/log";
import { openRedis, type Redis } from "@typebar/testing";
import { afterEach, beforeAll, afterAll, beforeEach, expect, test } from "vitest";
import { type Attempts, createOwnAttempts } from "../../src/access/own-attempts.ts";
import { createSharedAttempts } from "../../src/access/shared-attempts.ts";

const address = "203.0.113.7";
let redis: Redis;
let logs: RecordLog[];
let servers: Attempts[];
let reports: number;
/** By how much the servers' own clock is ahead. */
let aheadMs: number;
let runs = 0;

beforeAll(async () => void (redis = await openRedis()));
afterAll(() => redis.close());
beforeEach(() => {
  [reports, aheadMs, runs] = [0, 0, runs + 1];
  logs = Array.from({ length: 3 }, () => openRedisLog({ url: redis.url, prefix: `run-${runs}:` }));
  const now = (): number => performance.now() + aheadMs;
  servers = logs.map(({ shared }) => {
    if (!shared) throw new Error("the driver declares no shared store");
    const own = createOwnAttempts({ now });
    return createSharedAttempts({ cells: shared.cells, own, now, report: () => (reports += 1), timeoutMs: 20_000 });
  });
});
afterEach(async () => {
  for (const log of logs) await log[Symbol.asyncDispose]();
});

const at = (index: number): Attempts => servers[index % servers.length] as Attempts;

/** As if so many wrong passwords had been counted, whose wait is just over. */
async function preset(name: string, count: number): Promise<void> {
  const cells = logs[0]?.shared?.cells;
  const { nowMs } = (await cells?.read(name)) ?? { nowMs: 0 };
  expect(await cells?.replace(name, "", JSON.stringify([null, count, nowMs, nowMs]), 60_000)).toBe(true);
}

test("whoever guesses at one and then at another has to wait at each, even with the right password", async () => {
  for (let index = 0; index < 3; index++) expect(await at(index).take(address, "wrong")).toBe(0);
  for (const server of servers) expect(await server.take(address, "right")).toBeGreaterThan(0);
  expect(await at(0).take("203.0.113.8", "right")).toBe(0);
});

test("of many guesses at all servers at once no more are looked at than at one", async () => {
  const startMs = performance.now();
  const waits = await Promise.all(Array.from({ length: 60 }, (_, index) => at(index).take(address, "wrong")));
  // The first wait is of a second, and each is twice as long as the one before.
  const waitsOver = Math.floor(Math.log2((performance.now() - startMs) / 1000 + 1));
  expect(waits.filter((waitMs) => waitMs === 0).length).toBeLessThanOrEqual(3 + waitsOver);
});

test("the right password forgives what was counted at the others, also of many requests at once", async () => {
  for (let index = 0; index < 2; index++) await at(0).take(address, "wrong");
  const waits = await Promise.all(Array.from({ length: 30 }, (_, index) => at(index).take(address, "right")));
  expect(waits.filter((waitMs) => waitMs > 0)).toEqual([]);
  for (let index = 0; index < 2; index++) await at(0).take(address, "wrong");
  expect(await at(1).take(address, "right")).toBe(0);
});

test("who guesses from ever new addresses is slowed down at all, but not who has shown the password at another", async () => {
  expect(await at(0).take(address, "right")).toBe(0);
  await preset("attempts", 55);
  expect(await at(1).take("203.0.113.8", "wrong")).toBe(0);
  expect(await at(2).take("203.0.113.9", "right")).toBeGreaterThan(0);
  for (const server of servers) expect(await server.take(address, "right")).toBe(0);
});

test("while Redis is away each server counts for itself, from what it knew, and asks again later", async () => {
  await preset(`attempts:${address}`, 8);
  await at(2).take(address, "wrong");
  await redis.kill();
  expect(await at(2).take(address, "right")).toBeGreaterThan(0);
  for (let index = 0; index < 3; index++) expect(await at(0).take("203.0.113.8", "wrong")).toBe(0);
  expect(await at(0).take("203.0.113.8", "right")).toBeGreaterThan(0);
  expect(reports).toBe(1);
  await redis.restart();
  aheadMs += 60_000;
  for (let index = 0; index < 3; index++) expect(await at(index).take("203.0.113.9", "wrong")).toBe(0);
  for (const server of servers) expect(await server.take("203.0.113.9", "right")).toBeGreaterThan(0);
  expect(reports).toBe(1);
});
