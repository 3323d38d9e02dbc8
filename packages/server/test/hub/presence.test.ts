import { openMemoryLog } from "@typebar/log/memory";
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import type { PresenceEvent, PresenceMode } from "../../src/index.ts";
import { observeLog } from "../observed-log.ts";
import type { RawClient } from "../raw-client.ts";
import { eventually } from "../stream-server.ts";
import { eventsOf, type HubWorld, startHub } from "./hub-world.ts";

const intervalMs = 1000;

// The wheel turns when it is told to; sockets and turns of the event loop go on as ever.
beforeEach(() => void vi.useFakeTimers({ toFake: ["setInterval", "clearInterval"] }));
afterEach(() => void vi.useRealTimers());

const startPresence = (mode: PresenceMode, options = {}): Promise<HubWorld> =>
  startHub({
    log: openMemoryLog(),
    presence: (channel) => (channel === "off" ? "off" : mode),
    presenceIntervalMs: intervalMs,
    timings: { heartbeatMs: 3_600_000 },
    ...options,
  });

const presenceOf = (client: RawClient): PresenceEvent[] =>
  eventsOf(client)
    .filter(({ event }) => event === "presence")
    .map(({ data }) => JSON.parse(data) as PresenceEvent);

async function leave(world: HubWorld, ...clients: RawClient[]): Promise<void> {
  const left = world.hub.openCount - clients.length;
  for (const { socket } of clients) socket.destroy();
  await eventually(() => world.hub.openCount === left);
}

it("tells how many follow, once per interval however many come", async () => {
  await using world = await startPresence("count");
  const watcher = await world.join("/rates");
  for (let index = 0; index < 4; index++) await world.join("/rates");
  expect(await world.hub.presence("rates")).toEqual({ count: 5, users: [] });
  vi.advanceTimersByTime(intervalMs);
  await watcher.until(() => presenceOf(watcher).length === 1);
  const more = await world.join("/rates");
  vi.advanceTimersByTime(intervalMs);
  await watcher.until(() => presenceOf(watcher).length === 2);
  await leave(world, more);
  vi.advanceTimersByTime(intervalMs);
  await watcher.until(() => presenceOf(watcher).length === 3);
  // Nothing changes: nothing is told.
  vi.advanceTimersByTime(10 * intervalMs);
  await world.hub.publish("rates", { data: "last" });
  await watcher.until(() => eventsOf(watcher).some(({ event }) => event === "message"));
  expect(presenceOf(watcher)).toEqual([{ count: 5 }, { count: 6 }, { count: 5 }]);
});

it("tells who joined and who left, each once however many connections they have", async () => {
  await using world = await startPresence("users");
  const ann = await world.join("/rates?user=ann");
  const bobs = [await world.join("/rates?user=bob"), await world.join("/rates?user=bob")];
  await world.join("/rates");
  expect(await world.hub.presence("rates")).toEqual({ count: 4, users: ["ann", "bob"] });
  vi.advanceTimersByTime(intervalMs);
  await ann.until(() => presenceOf(ann).length === 1);
  await leave(world, ...bobs.slice(0, 1));
  vi.advanceTimersByTime(intervalMs);
  await ann.until(() => presenceOf(ann).length === 2);
  await leave(world, ...bobs.slice(1));
  await world.join("/rates?user=cyd");
  vi.advanceTimersByTime(intervalMs);
  await ann.until(() => presenceOf(ann).length === 3);
  expect(presenceOf(ann)).toEqual([
    { count: 4, joined: ["ann", "bob"], left: [] },
    { count: 3, joined: [], left: [] },
    { count: 3, joined: ["cyd"], left: ["bob"] },
  ]);
});

it("takes who reloads a page neither for one who left nor for one who joined", async () => {
  await using world = await startPresence("users");
  const ann = await world.join("/rates?user=ann");
  const bob = await world.join("/rates?user=bob");
  vi.advanceTimersByTime(intervalMs);
  await ann.until(() => presenceOf(ann).length === 1);
  await leave(world, bob);
  expect((await world.hub.presence("rates")).users).toEqual(["ann"]);
  await world.join("/rates?user=bob");
  vi.advanceTimersByTime(2 * intervalMs);
  await world.hub.publish("rates", { data: "last" });
  await ann.until(() => eventsOf(ann).some(({ event }) => event === "message"));
  expect(presenceOf(ann)).toHaveLength(1);
});

it("tells of each channel for itself, and of one that is off nothing; both can be asked", async () => {
  await using world = await startPresence("count");
  const both = await world.join("/off,rates");
  await world.join("/off");
  expect([(await world.hub.presence("off")).count, (await world.hub.presence("rates")).count]).toEqual([2, 1]);
  vi.advanceTimersByTime(intervalMs);
  await both.until(() => presenceOf(both).length === 1);
  await world.hub.publish("off", { data: "last" });
  await both.until(() => eventsOf(both).length === 2);
  expect(presenceOf(both)).toEqual([{ count: 1 }]);
  await world.leave();
  expect([await world.hub.presence("off"), await world.hub.presence("rates")]).toEqual([
    { count: 0, users: [] },
    { count: 0, users: [] },
  ]);
});

it("tells who comes later that all had left", async () => {
  await using world = await startPresence("users");
  await world.join("/rates?user=ann");
  vi.advanceTimersByTime(intervalMs);
  await world.leave();
  vi.advanceTimersByTime(intervalMs);
  await world.hub.publish("rates", { data: "last" });
  const later = await world.join("/rates?history=10");
  await later.until(() => eventsOf(later).length === 3);
  expect(presenceOf(later)).toEqual([
    { count: 1, joined: ["ann"], left: [] },
    { count: 0, joined: [], left: ["ann"] },
  ]);
});

it("tells again what the log did not take", async () => {
  const log = observeLog(openMemoryLog());
  await using world = await startPresence("users", { log });
  const ann = await world.join("/rates?user=ann");
  await world.join("/rates?user=bob");
  const appending = vi.spyOn(log, "append");
  log.down = true;
  vi.advanceTimersByTime(intervalMs);
  await eventually(() => appending.mock.settledResults.length === 1);
  await new Promise(setImmediate);
  log.down = false;
  vi.advanceTimersByTime(intervalMs);
  await ann.until(() => presenceOf(ann).length === 1);
  expect(presenceOf(ann)).toEqual([{ count: 2, joined: ["ann", "bob"], left: [] }]);
});

it("holds no timer and no room when all have left and that is told", async () => {
  await using world = await startPresence("users");
  await world.join("/a,b,c?user=ann");
  await world.leave();
  for (let turn = 0; turn < 3; turn++) {
    vi.advanceTimersByTime(intervalMs);
    await new Promise(setImmediate);
  }
  await world.hub.close();
  expect(vi.getTimerCount()).toBe(0);
});

it("says nothing after it was closed", async () => {
  const log = observeLog(openMemoryLog());
  await using world = await startPresence("count", { log });
  await world.join("/rates");
  await world.hub.close();
  const appending = vi.spyOn(log, "append");
  vi.advanceTimersByTime(10 * intervalMs);
  await new Promise(setImmediate);
  expect(appending).not.toHaveBeenCalled();
  expect(vi.getTimerCount()).toBe(0);
});
