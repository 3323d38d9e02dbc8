import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { RecordLog } from "@typebar/log";
import { openMemoryLog } from "@typebar/log/memory";
import { openSqliteLog } from "@typebar/log/sqlite";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { RawClient } from "../raw-client.ts";
import { dataOf, eventsOf, type HubWorld, lastIdOf, numbers, readyOf, startHub, untilCount } from "./hub-world.ts";

let dir: string;
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), "typebar-hub-"));
});
afterEach(() => rm(dir, { recursive: true, force: true }));

/** Each gives the log as a new process would find it. */
const logs: Array<[name: string, open: () => RecordLog]> = [
  ["memory", () => openMemoryLog()],
  ["sqlite", () => openSqliteLog({ path: join(dir, "log.db") })],
];

/** Of several channels. */
const sorted = (client: RawClient, from = 0): unknown[] =>
  dataOf(client)
    .slice(from)
    .toSorted((a, b) => String(a).localeCompare(String(b)));

/** What a client that comes back after `lastEventId` is told: `count` events. */
async function resume(world: HubWorld, path: string, lastEventId: string, count: number) {
  const client = await world.join(path, { lastEventId });
  await untilCount(client, count);
  return client;
}

describe.each(logs)("on the %s log", (_, openLog) => {
  it("goes on after any ID, without gap or repetition", async () => {
    await using log = openLog();
    await using world = await startHub({ log });
    const ids = await Promise.all(numbers(0, 20).map((event) => world.hub.publish("rates", event)));
    for (const [index, { id }] of ids.entries()) {
      const client = await resume(world, "/rates", id, 19 - index);
      expect(readyOf(client)).toEqual({ channels: ["rates"], resumed: true });
      expect(dataOf(client)).toEqual(numbers(index + 1, 19 - index).map(({ data }) => data));
    }
  });

  it("takes the ID from the address too, where a client cannot set the header", async () => {
    await using log = openLog();
    await using world = await startHub({ log });
    const { id } = await world.hub.publish("rates", { data: 0 });
    await world.hub.publish("rates", { data: 1 });
    const client = await world.join(`/rates?lastEventId=${encodeURIComponent(id)}`);
    await untilCount(client, 1);
    expect(dataOf(client)).toEqual([1]);
  });

  it("goes on after the ID of `ready`, however little came after it", async () => {
    await using log = openLog();
    await using world = await startHub({ log });
    const none = lastIdOf(await world.join("/rates,new"));
    await world.hub.publish("rates", { data: 0 });
    const some = lastIdOf(await world.join("/rates,new"));
    await world.leave();
    await world.hub.publish("rates", { data: 1 });
    await world.hub.publish("new", { data: 2 });
    expect(sorted(await resume(world, "/rates,new", none, 3))).toEqual([0, 1, 2]);
    expect(sorted(await resume(world, "/rates,new", some, 2))).toEqual([1, 2]);
  });

  it("goes on in several channels after one ID, each where it was", async () => {
    await using log = openLog();
    await using world = await startHub({ log });
    const client = await world.join("/a,b,c");
    for (const event of numbers(0, 12)) await world.hub.publish(["a", "b", "c"][event.data % 3] ?? "", event);
    await untilCount(client, 12);
    for (const [index, { lastEventId }] of eventsOf(client).entries()) {
      const seen = dataOf(client).slice(0, index + 1);
      const again = await resume(world, "/c,b,a", lastEventId, 11 - index);
      expect([...seen, ...dataOf(again)].toSorted((x, y) => Number(x) - Number(y))).toEqual(
        numbers(0, 12).map(({ data }) => data),
      );
    }
  });

  it("begins with now in a channel newly asked for, and forgets one no longer asked for", async () => {
    await using log = openLog();
    await using world = await startHub({ log });
    const client = await world.join("/a,b");
    await world.hub.publish("a", { data: "a0" });
    await world.hub.publish("c", { data: "c0" });
    await untilCount(client, 1);
    const id = lastIdOf(client);
    await world.hub.publish("a", { data: "a1" });
    await world.hub.publish("b", { data: "b0" });
    const changed = await resume(world, "/b,c", id, 1);
    await world.hub.publish("c", { data: "c1" });
    await world.hub.publish("a", { data: "a2" });
    await untilCount(changed, 2);
    expect(dataOf(changed)).toEqual(["b0", "c1"]);
    expect(lastIdOf(changed)).toMatch(/^b@\d+:1,c@\d+:2$/);
  });

  it.each([
    "rates@1:1:1",
    "nonsense",
    "rates@1:x",
    "rates@1:1,rates@1:2",
    "@1:1",
    "rates",
    "rates@99999999999999999:1",
    ",",
  ])("resets in the stream after an ID that is none: %s", async (lastEventId) => {
    await using log = openLog();
    await using world = await startHub({ log });
    await world.hub.publish("rates", numbers(0, 2));
    await world.hub.publish("sales", { data: "s" });
    const client = await resume(world, "/rates,sales", lastEventId, 5);
    const reset = eventsOf(client).filter(({ event }) => event === "reset");
    expect(reset.map(({ data }) => JSON.parse(data) as unknown)).toEqual([
      { channel: "rates", reason: "unknown" },
      { channel: "sales", reason: "unknown" },
    ]);
    expect(sorted(client, 2)).toEqual([0, 1, "s"]);
    // The `reset` has an ID that can be gone on after.
    const again = await resume(world, "/rates,sales", reset[1]?.lastEventId ?? "", 3);
    expect(sorted(again)).toEqual([0, 1, "s"]);
  });

  it("resets one who is ahead of the channel, or of another history", async () => {
    await using log = openLog();
    await using world = await startHub({ log });
    const { id } = await world.hub.publish("rates", numbers(0, 2));
    const epoch = Number(/@(\d+)/.exec(id)?.[1]);
    for (const lost of [
      `rates@${epoch}:3`,
      `rates@${epoch + 1}:1`,
      `rates@${epoch - 1}:2`,
      `rates@${epoch - 100_000}:0`,
    ]) {
      const client = await resume(world, "/rates", lost, 3);
      expect(dataOf(client)).toEqual(["diverged", 0, 1]);
    }
  });

  it("resets only the channel whose place is lost", async () => {
    await using log = openLog();
    await using world = await startHub({ log });
    const { id } = await world.hub.publish("a", { data: "a0" });
    await world.hub.publish("a", { data: "a1" });
    await world.hub.publish("b", { data: "b0" });
    const client = await resume(world, "/a,b", `${id},b@7:1`, 3);
    expect(eventsOf(client).map(({ event, data }) => `${event} ${data}`)).toEqual(
      expect.arrayContaining(['message "a1"', 'reset {"channel":"b","reason":"diverged"}', 'message "b0"']),
    );
  });

  it("resets one whose place was evicted, then tells all that is kept", async () => {
    await using log = openLog();
    await using world = await startHub({ log, history: { count: 8 } });
    const { id } = await world.hub.publish("rates", { data: 0 });
    for (const event of numbers(1, 40)) await world.hub.publish("rates", event);
    const client = await resume(world, "/rates", id, 9);
    const data = dataOf(client);
    expect(data[0]).toBe("expired");
    expect(data.slice(1)).toEqual(numbers(42 - data.length, data.length - 1).map(({ data }) => data));
  });

  it("counts resumed connections and resets", async () => {
    await using log = openLog();
    const seen: string[] = [];
    const observer = {
      opened: (how: string) => void seen.push(how),
      reset: (reason: string) => void seen.push(reason),
    };
    await using world = await startHub({ log, observer });
    await world.hub.publish("rates", { data: 0 });
    await resume(world, "/rates", "nonsense", 2);
    await world.join("/rates");
    expect(seen).toEqual(["unknown", "resumed", "new"]);
  });
});

it("goes on exactly where it was after a restart on the SQLite log", async () => {
  const [, openLog] = logs[1] as (typeof logs)[number];
  let id = "";
  const told: unknown[] = [];
  const published: number[] = [];
  for (let run = 0; run < 4; run++) {
    await using log = openLog();
    await using world = await startHub({ log });
    const client = await world.join("/rates,sales", id === "" ? {} : { lastEventId: id });
    const missed = published.length - told.length;
    const events = numbers(run * 10, 5);
    for (const event of events) {
      published.push(event.data);
      await world.hub.publish("rates", event);
    }
    await untilCount(client, missed + 5);
    told.push(...dataOf(client));
    id = lastIdOf(client);
    await world.leave();
    // Nobody follows: it is told after the restart.
    published.push(run * 10 + 5);
    await world.hub.publish("rates", { data: run * 10 + 5 });
  }
  expect(told).toEqual(published.slice(0, -1));
});

it("tells those who come back after a restart that a history in memory is lost", async () => {
  const ids: string[] = [];
  {
    await using world = await startHub({ log: openMemoryLog({ now: () => 1000 }) });
    // Before anything was published.
    ids.push(lastIdOf(await world.join("/rates")));
    await world.hub.publish("rates", numbers(0, 3));
    ids.push(lastIdOf(await world.join("/rates")));
    ids.push(lastIdOf(await world.join("/rates?history=3")).replace(/\d+$/, "0"));
  }
  await using world = await startHub({ log: openMemoryLog({ now: () => 2000 }) });
  const empty = await Promise.all(ids.map((id) => resume(world, "/rates", id, 1)));
  await world.hub.publish("rates", numbers(10, 5));
  const told = ["diverged", 10, 11, 12, 13, 14];
  for (const [index, client] of empty.entries()) {
    await untilCount(client, 6);
    expect(dataOf(client)).toEqual(told);
    expect(dataOf(await resume(world, "/rates", ids[index] ?? "", 6))).toEqual(told);
  }
  // Each `reset` can be gone on after.
  for (const client of empty) {
    const [reset] = eventsOf(client);
    expect(dataOf(await resume(world, "/rates", reset?.lastEventId ?? "", 5))).toEqual(told.slice(1));
  }
});

it("tells one who waited for the first event of a channel over a restart on the SQLite log that event only", async () => {
  const openLog = (): RecordLog => openSqliteLog({ path: join(dir, "log.db") });
  let id = "";
  {
    await using log = openLog();
    await using world = await startHub({ log });
    id = lastIdOf(await world.join("/rates"));
  }
  await using log = openLog();
  await using world = await startHub({ log });
  await world.hub.publish("rates", { data: 0 });
  expect(dataOf(await resume(world, "/rates", id, 1))).toEqual([0]);
});
