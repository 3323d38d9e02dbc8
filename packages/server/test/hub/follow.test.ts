import { openMemoryLog } from "@typebar/log/memory";
import { expect, it } from "vitest";
import { observeLog } from "../observed-log.ts";
import { countWrites, eventually } from "../stream-server.ts";
import { collectWritten, dataOf, eventsOf, lastIdOf, numbers, readyOf, startHub, untilCount } from "./hub-world.ts";

it("tells each follower every event in the order of publishing, under contiguous IDs", async () => {
  await using world = await startHub({ log: openMemoryLog() });
  const clients = [await world.join("/rates"), await world.join("/rates")];
  const ids: string[] = [];
  for (let index = 0; index < 50; index++) ids.push((await world.hub.publish("rates", { data: index })).id);
  for (const client of clients) {
    await untilCount(client, 50);
    expect(dataOf(client)).toEqual(numbers(0, 50).map(({ data }) => data));
    expect(eventsOf(client).map(({ lastEventId }) => lastEventId)).toEqual(ids);
  }
  const [, epoch = ""] = /^rates@(\d+):1$/.exec(ids[0] ?? "") ?? [];
  expect(ids).toEqual(ids.map((_, index) => `rates@${epoch}:${index + 1}`));
});

it("sends names and JSON as they were published", async () => {
  await using world = await startHub({ log: openMemoryLog() });
  const client = await world.join("/rates");
  const data = { text: "line\nbreak\r\u0000\u2028 汉字 \ud800", list: [null, 1.5, true] };
  await world.hub.publish("rates", [{ event: "quote", data }, { data: "plain" }]);
  await untilCount(client, 2);
  expect(eventsOf(client).map(({ event, data }) => [event, JSON.parse(data)])).toEqual([
    ["quote", data],
    ["message", "plain"],
  ]);
});

it("begins with now where no history is asked for, and says where that is", async () => {
  await using world = await startHub({ log: openMemoryLog() });
  const { id } = await world.hub.publish("rates", numbers(0, 3));
  const client = await world.join("/rates");
  expect(readyOf(client)).toEqual({ channels: ["rates"], resumed: false });
  expect(lastIdOf(client)).toBe(id);
  await world.hub.publish("rates", { data: 3 });
  await untilCount(client, 1);
  expect(dataOf(client)).toEqual([3]);
});

it("begins with as much history of each channel as is asked for", async () => {
  await using world = await startHub({ log: openMemoryLog() });
  await world.hub.publish("rates", numbers(0, 5));
  await world.hub.publish("sales", { data: "only" });
  const client = await world.join("/rates,sales?history=2");
  await untilCount(client, 3);
  expect(dataOf(client).filter((data) => data !== "only")).toEqual([3, 4]);
  expect(dataOf(client)).toContain("only");
});

it("has several channels over one connection, each in its order", async () => {
  await using world = await startHub({ log: openMemoryLog() });
  const client = await world.join("/sales,rates,sales");
  expect(readyOf(client).channels).toEqual(["rates", "sales"]);
  for (let index = 0; index < 30; index++) {
    await world.hub.publish(index % 3 === 0 ? "sales" : "rates", { data: index });
  }
  await untilCount(client, 30);
  const data = dataOf(client) as number[];
  expect(data.filter((value) => value % 3 === 0)).toEqual(numbers(0, 10).map((_, index) => index * 3));
  expect(data.filter((value) => value % 3 !== 0)).toHaveLength(20);
  expect(data.toSorted((a, b) => a - b)).toEqual(numbers(0, 30).map(({ data }) => data));
});

it("lets a busy channel keep no other waiting", async () => {
  await using world = await startHub({ log: openMemoryLog(), history: { count: 10_000 } });
  const padding = "x".repeat(1000);
  await world.hub.publish(
    "busy",
    Array.from({ length: 500 }, () => ({ data: padding })),
  );
  await world.hub.publish("quiet", { data: "here" });
  const client = await world.join("/busy,quiet?history=1000");
  await untilCount(client, 501);
  expect(dataOf(client).indexOf("here")).toBeLessThan(60);
});

it("writes all events of one turn at once, to each socket", async () => {
  await using world = await startHub({ log: openMemoryLog() });
  const clients = [await world.join("/rates,sales"), await world.join("/rates,sales")];
  // Until the tails of both channels are read for all.
  await world.hub.publish("rates", { data: "first" });
  for (const client of clients) await untilCount(client, 1);
  const writes = world.sockets.map(countWrites);
  await Promise.all([
    world.hub.publish("rates", { data: 1 }),
    world.hub.publish("rates", [{ data: 2 }, { data: 3 }]),
    world.hub.publish("sales", { data: 4 }),
  ]);
  for (const client of clients) {
    await untilCount(client, 5);
    const data = dataOf(client).slice(1);
    expect(data.filter((value) => value !== 4)).toEqual([1, 2, 3]);
    expect(data).toContain(4);
  }
  expect(writes.map(({ count }) => count)).toEqual([1, 1]);
});

it("gathers the events of a flush window into one write", async () => {
  await using world = await startHub({ log: openMemoryLog(), flushMs: 300 });
  const client = await world.join("/rates");
  await world.hub.publish("rates", { data: "first" });
  await untilCount(client, 1);
  const [writes] = world.sockets.map(countWrites);
  for (let index = 0; index < 20; index++) {
    await world.hub.publish("rates", { data: index });
    await new Promise(setImmediate);
  }
  await untilCount(client, 21);
  expect(dataOf(client).slice(1)).toEqual(numbers(0, 20).map(({ data }) => data));
  expect(writes?.count).toBe(1);
});

it("reads and encodes each event once, however many follow", async () => {
  const log = observeLog(openMemoryLog());
  await using world = await startHub({ log });
  const clients = await Promise.all(Array.from({ length: 20 }, () => world.join("/rates")));
  await world.hub.publish("rates", { data: "first" });
  for (const client of clients) await untilCount(client, 1);
  const [readCount, readChars] = [log.readCount, log.readChars];
  const written = collectWritten(world.sockets);
  const padding = "x".repeat(1000);
  for (let index = 0; index < 10; index++) {
    await world.hub.publish("rates", { data: padding });
    for (const client of clients) await untilCount(client, 2 + index);
  }
  // A write holds the very same bytes for all.
  expect(written.size).toBe(10);
  // One page with the event and an empty one after it, for all together.
  expect(log.readCount - readCount).toBeLessThanOrEqual(20);
  expect(log.readChars - readChars).toBeLessThan(11 * 1100);
});

it("shares one encoding among those who came separately to the same place", async () => {
  await using world = await startHub({ log: openMemoryLog() });
  await world.hub.publish("rates", numbers(0, 3));
  const clients = await Promise.all(Array.from({ length: 20 }, () => world.join("/rates")));
  await new Promise((resolve) => setImmediate(resolve));
  const written = collectWritten(world.sockets);
  await world.hub.publish("rates", { data: "new" });
  for (const client of clients) await untilCount(client, 1);
  expect(written.size).toBe(1);
});

it("keeps a silent connection alive by comments, and says nothing else", async () => {
  await using world = await startHub({ log: openMemoryLog(), timings: { heartbeatMs: 20 } });
  const client = await world.join("/rates");
  await client.until(() => client.body().endsWith(":\n:\n:\n"));
  expect(eventsOf(client)).toEqual([]);
});

it("rotates only those who are known to come back; they miss nothing", async () => {
  await using world = await startHub({
    log: openMemoryLog(),
    timings: { rotateMs: 40, rotateRetryMs: 7, retrySpreadMs: 0 },
  });
  const { id } = await world.hub.publish("rates", { data: 0 });
  const stays = await world.join("/rates");
  const rotated = await world.join("/rates", { lastEventId: id });
  await rotated.closed;
  expect(rotated.body().endsWith("retry: 7\n")).toBe(true);
  expect(rotated.hasLastChunk()).toBe(false);
  expect(stays.socket.closed).toBe(false);
  await world.hub.publish("rates", { data: 1 });
  const again = await world.join("/rates", { lastEventId: lastIdOf(rotated) });
  await untilCount(again, 1);
  expect(dataOf(again)).toEqual([1]);
});

it("spreads the reconnection times of those who are cut off together", async () => {
  await using world = await startHub({ log: openMemoryLog() });
  const clients = await Promise.all(Array.from({ length: 10 }, () => world.join("/rates")));
  const retries = new Set(clients.map((client) => /^retry: (\d+)$/m.exec(client.body())?.[1]));
  expect(retries.size).toBeGreaterThan(1);
});

it("lets go of all its watching when the last follower has left", async () => {
  const log = observeLog(openMemoryLog());
  await using world = await startHub({ log });
  await Promise.all([world.join("/rates,sales"), world.join("/sales"), world.join("/rates")]);
  await eventually(() => log.watcherCount === 2);
  await world.leave();
  await eventually(() => log.watcherCount === 0);
});

it("cuts all off on request and serves them again", async () => {
  await using world = await startHub({ log: openMemoryLog() });
  const client = await world.join("/rates");
  world.hub.cut();
  await client.closed;
  expect(client.hasLastChunk()).toBe(false);
  await world.hub.publish("rates", { data: 1 });
  const again = await world.join("/rates", { lastEventId: lastIdOf(client) });
  await untilCount(again, 1);
  expect(dataOf(again)).toEqual([1]);
});
