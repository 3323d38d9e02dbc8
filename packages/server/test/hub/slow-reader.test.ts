import { openMemoryLog } from "@typebar/log/memory";
import { expect, it } from "vitest";
import type { CloseReason } from "../../src/index.ts";
import { observeLog } from "../observed-log.ts";
import { eventually } from "../stream-server.ts";
import { dataOf, eventsOf, startHub, untilCount } from "./hub-world.ts";

const padding = "x".repeat(30_000);

/** Each follows the one before it, or a `reset`. */
function expectNoGap(told: unknown[]): void {
  let last: number | undefined;
  for (const data of told) {
    if (data === "expired") {
      last = undefined;
    } else {
      const { number } = data as { number: number };
      if (last !== undefined) expect(number).toBe(last + 1);
      last = number;
    }
  }
}

it("tells a reader that stopped for a while each event once, from the history", async () => {
  await using world = await startHub({ log: openMemoryLog(), history: { bytes: 100_000_000 } });
  const reader = world.follow("/rates", { paused: true });
  await eventually(() => world.hub.openCount === 1);
  for (let number = 0; number < 500; number++) await world.hub.publish("rates", { data: { number, padding } });
  reader.socket.resume();
  await eventually(() => reader.chunks.reduce((sum, { length }) => sum + length, 0) > 500 * padding.length);
  await untilCount(reader, 500);
  expect((dataOf(reader) as Array<{ number: number }>).map(({ number }) => number)).toEqual(
    Array.from({ length: 500 }, (_, number) => number),
  );
});

it("tells a live reader that fell behind the history so, in its stream, and goes on with what is kept", async () => {
  const resets: string[] = [];
  await using world = await startHub({
    log: openMemoryLog(),
    history: { count: 8 },
    observer: { reset: (reason) => void resets.push(reason) },
  });
  const reader = world.follow("/rates", { paused: true });
  await eventually(() => world.hub.openCount === 1);
  // Beyond what the system takes, and what is kept encoded.
  for (let number = 0; number < 500; number++) {
    await world.hub.publish("rates", { data: { number, padding } });
    await new Promise(setImmediate);
  }
  reader.socket.resume();
  const isLast = (): boolean => Buffer.concat(reader.chunks.slice(-5)).includes('"number":499');
  await reader.until(isLast);
  const told = dataOf(reader);
  expect(told.filter((data) => data === "expired")).toHaveLength(1);
  expect(resets).toEqual(["expired"]);
  expectNoGap(told);
  expect(told.length).toBeLessThan(500);
  const reset = eventsOf(reader).find(({ event }) => event === "reset");
  expect(reset?.data).toBe('{"channel":"rates","reason":"expired"}');
  // It is live again.
  await world.hub.publish("rates", { data: { number: 500 } });
  await reader.until(() => Buffer.concat(reader.chunks.slice(-5)).includes('"number":500'));
});

it.each([1, 2, 3])("leaves no gap however a reader's pace changes, seed %d", async (seed) => {
  await using world = await startHub({ log: openMemoryLog(), history: { count: 20 } });
  const reader = world.follow("/rates", { paused: true });
  await eventually(() => world.hub.openCount === 1);
  for (let number = 0; number < 400; number++) {
    await world.hub.publish("rates", { data: { number, padding } });
    if (number % (40 * seed) === 39) reader.socket.resume();
    if (number % (40 * seed) === 39 + seed) reader.socket.pause();
    await new Promise(setImmediate);
  }
  reader.socket.resume();
  await reader.until(() => Buffer.concat(reader.chunks.slice(-5)).includes('"number":399'));
  expectNoGap(dataOf(reader));
});

it.each([
  ["one channel", ["rates"], "x"],
  ["many channels with events as large as can be", Array.from({ length: 32 }, (_, index) => `channel-${index}`), "汉"],
])(
  "holds at most 256 KiB for a reader that stopped, of %s, and nothing back from the others",
  async (_, channels, text) => {
    await using world = await startHub({ log: openMemoryLog(), timings: { progressTimeoutMs: 60_000 } });
    world.follow(`/${channels.join()}`, { paused: true });
    await eventually(() => world.hub.openCount === 1);
    const reader = await world.join(`/${channels.join()}`);
    const large = text.repeat(Math.floor(65_000 / Buffer.byteLength(text)));
    let mostHeldBytes = 0;
    for (let round = 0; round < Math.ceil(320 / channels.length); round++) {
      await Promise.all(channels.map((channel) => world.hub.publish(channel, { data: large })));
      for (let turn = 0; turn < 4; turn++) {
        await new Promise(setImmediate);
        mostHeldBytes = Math.max(mostHeldBytes, world.sockets[0]?.writableLength ?? 0);
      }
    }
    const count = Math.ceil(320 / channels.length) * channels.length;
    await eventually(() => reader.chunks.reduce((sum, { length }) => sum + length, 0) > count * 64_000);
    await untilCount(reader, count);
    expect(mostHeldBytes).toBeGreaterThan(0);
    expect(mostHeldBytes).toBeLessThanOrEqual(256 * 1024);
  },
);

it("closes a reader that took nothing for `progressTimeoutMs`, and gives back all that it held", async () => {
  const log = observeLog(openMemoryLog());
  const closed: CloseReason[] = [];
  await using world = await startHub({
    log,
    presence: () => "count",
    limits: { connections: 1 },
    timings: { progressTimeoutMs: 100 },
    observer: { closed: (reason) => void closed.push(reason) },
  });
  const stopped = world.follow("/rates", { paused: true });
  await eventually(() => world.hub.openCount === 1);
  for (let number = 0; number < 400 && closed.length === 0; number++) {
    await world.hub.publish("rates", { data: { number, padding } });
    await new Promise(setImmediate);
  }
  await eventually(() => closed.length > 0);
  expect(closed).toEqual(["stalled"]);
  stopped.socket.resume();
  expect(await stopped.closed).toBe("ECONNRESET");
  await eventually(() => log.watcherCount === 0);
  expect((await world.hub.presence("rates")).count).toBe(0);
  await world.join("/rates");
});
