import { type LogRecord, type Position, start } from "@typebar/log";
import { openMemoryLog } from "@typebar/log/memory";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { createFeed } from "../src/feed.ts";
import { createFixedFeed } from "../src/fixed-feed.ts";
import { emptyPacket } from "../src/packet.ts";
import type { Feed, Pull } from "../src/pull.ts";
import { observeLog, type ObservedLog } from "./observed-log.ts";
import { eventually } from "./stream-server.ts";
import { type CountingFormat, createTextFormat, endPayload, openWriter, pieces, type Writer } from "./text-format.ts";

const manyBytes = 1_000_000;
let log: ObservedLog;
let writer: Writer;
let format: CountingFormat;
const leavings = new Set<() => void>();

beforeEach(async () => {
  log = observeLog(openMemoryLog());
  writer = await openWriter(log, "log");
  format = createTextFormat();
});
afterEach(async () => {
  for (const leave of leavings) leave();
  leavings.clear();
  await eventually(() => log.watcherCount === 0);
});

/** The smallest connection: pulls when woken, and notes what it got. */
function follow(feed: Feed, after: Position = start): { text: () => string; leave: () => void; refusal: () => string } {
  let position = after;
  let text = "";
  let refusal = "";
  let turn: Promise<void> = Promise.resolve();
  const pump = async (): Promise<void> => {
    for (;;) {
      const pull = await feed.pull(position, manyBytes);
      if (pull.type !== "packet") {
        refusal = pull.type;
        return;
      }
      if (pull.packet.eventCount === 0) return;
      position = pull.position;
      text += textOf(pull);
    }
  };
  const wake = (): void => void (turn = turn.then(pump));
  const unwatch = feed.watch(wake);
  wake();
  const leave = (): void => {
    leavings.delete(leave);
    unwatch();
  };
  leavings.add(leave);
  return { text: () => text, leave, refusal: () => refusal };
}

function textOf(pull: Pull): string {
  if (pull.type !== "packet") throw new Error(pull.type);
  return pull.packet.bytes.toString().replaceAll(/data: (.*)\nid: .*\n\n/g, "$1");
}

/** Everything up to the end of the log. */
async function pullAll(feed: Feed, maxBytes: number): Promise<string> {
  let text = "";
  for (let position = start; ;) {
    const pull = await feed.pull(position, maxBytes);
    if (pull.type !== "packet") throw new Error(pull.type);
    if (pull.position.seq === position.seq) return text;
    position = pull.position;
    text += textOf(pull);
  }
}

const createTestFeed = (options: Partial<Parameters<typeof createFeed>[0]> = {}): Feed =>
  createFeed({ log, logId: "log", format, pollMs: 60_000, ...options });

describe("what is pulled", () => {
  it("is merged from the log for who is behind, under the last one's position", async () => {
    await writer.append(...pieces(0, 5));
    const pull = await createTestFeed().pull({ epoch: 1, seq: 1 }, manyBytes);
    expect(pull).toMatchObject({ position: { epoch: 1, seq: 5 }, end: false, packet: { eventCount: 1 } });
    expect(pull.type === "packet" && pull.packet.bytes.toString()).toBe("data: 1,2,3,4,\nid: 1.5\n\n");
  });

  it("stops at about as many bytes as asked for, with at least one record", async () => {
    await writer.append("x".repeat(300), "y".repeat(300), "z".repeat(300));
    const feed = createTestFeed();
    expect(await feed.pull(start, 1)).toMatchObject({ position: { seq: 1 } });
    expect(await feed.pull(start, 400)).toMatchObject({ position: { seq: 2 } });
    expect(format.encodeCount).toBe(3);
  });

  it("of large records is read about once, however many pulls it takes", async () => {
    const payloads = Array.from({ length: 300 }, (_, index) => String(index % 10).repeat(1000));
    await writer.append(...payloads);
    expect(await pullAll(createTestFeed(), 4096)).toBe(payloads.join(""));
    expect(log.readChars).toBeLessThan(3 * 300_000);
  });

  it("of small records is merged by the thousand", async () => {
    await writer.append(...pieces(0, 5000));
    const feed = createTestFeed();
    expect(await feed.pull(start, 32_768)).toMatchObject({ position: { seq: 5000 } });
    expect(await pullAll(feed, 32_768)).toBe(pieces(0, 5000).join(""));
  });

  it("is what is there, though more comes while it is read", async () => {
    await writer.append("0,");
    log.pause = async () => {
      if (writer.position.seq < 100) await writer.append(`${writer.position.seq},`);
    };
    const pull = await createTestFeed().pull(start, manyBytes);
    expect(log.readCount).toBe(1);
    expect(textOf(pull)).toBe("0,1,");
  });

  it("of large records of the tail is merged only as far as it is written", async () => {
    const feed = createTestFeed();
    const follower = follow(feed);
    await new Promise(setImmediate);
    const payloads = Array.from({ length: 100 }, (_, index) => String(index % 10).repeat(1000));
    await writer.append(...payloads);
    await eventually(() => follower.text() !== "");
    const { readCount } = log;
    let mergedRecords = 0;
    const merge = format.merge.bind(format);
    format.merge = (records) => {
      mergedRecords += records.length;
      return merge(records);
    };
    expect(await pullAll(feed, 4096)).toBe(payloads.join(""));
    expect(mergedRecords).toBeLessThan(300);
    expect(log.readCount).toBe(readCount);
  });

  it("ends with the end record, and is nothing after it", async () => {
    await writer.append("a", endPayload);
    const feed = createTestFeed();
    expect(await feed.pull(start, manyBytes)).toMatchObject({ position: { seq: 2 }, end: true });
    const after = await feed.pull(writer.position, manyBytes);
    expect(after).toEqual({ type: "packet", packet: emptyPacket, position: writer.position, end: false });
  });

  it("comes at once and unmerged from the tail, however many follow", async () => {
    const feed = createTestFeed();
    const followers = Array.from({ length: 20 }, () => follow(feed));
    await eventually(() => log.readCount > 0);
    await new Promise(setImmediate);
    await writer.append(...pieces(0, 8));
    await eventually(() => followers.every((follower) => follower.text() !== ""));
    expect(feed.pull({ epoch: 1, seq: 6 }, manyBytes)).toMatchObject({ packet: { eventCount: 2 } });
    expect(format.encodeCount).toBe(8);
    await eventually(() => log.watcherCount === 1);
  });

  it("comes from the log again where the tail no longer reaches", async () => {
    const feed = createTestFeed({ cacheBytes: 50 });
    follow(feed);
    await new Promise(setImmediate);
    for (const piece of pieces(0, 30)) await writer.append(piece);
    await new Promise(setImmediate);
    expect(feed.pull({ epoch: 1, seq: 29 }, manyBytes)).not.toBeInstanceOf(Promise);
    const old = feed.pull({ epoch: 1, seq: 3 }, manyBytes);
    expect(old).toBeInstanceOf(Promise);
    expect(textOf(await old)).toBe(pieces(3, 27).join(""));
  });

  it("is refused at a position of another epoch, in the tail too", async () => {
    const feed = createTestFeed();
    const follower = follow(feed);
    await new Promise(setImmediate);
    await writer.append(...pieces(0, 3));
    await eventually(() => follower.text() !== "");
    expect(await feed.pull({ epoch: 2, seq: 2 }, manyBytes)).toEqual({ type: "diverged" });
    expect(await feed.pull({ epoch: 1, seq: 4 }, manyBytes)).toEqual({ type: "diverged" });
  });

  it("is what is stored by then, also where nobody watches", async () => {
    const feed = createTestFeed();
    expect(textOf(await feed.pull(start, manyBytes))).toBe("");
    await writer.append("a");
    expect(textOf(await feed.pull(start, manyBytes))).toBe("a");
  });

  it("of fixed records goes on after a position, whatever their numbers, in pieces", async () => {
    const records: LogRecord[] = [
      { epoch: 0, seq: 1, payload: "0," },
      { epoch: 0, seq: 2, payload: "1," },
      { epoch: 0, seq: 3, payload: "2," },
      { epoch: 2, seq: 2, payload: endPayload },
    ];
    const feed = createFixedFeed(records, format);
    expect(await feed.pull({ epoch: 0, seq: 1 }, 1)).toMatchObject({ position: { epoch: 0, seq: 2 }, end: false });
    const rest = await feed.pull({ epoch: 0, seq: 2 }, manyBytes);
    expect(rest).toMatchObject({ position: { epoch: 2, seq: 2 }, end: true });
    expect(textOf(rest)).toBe(`2,${endPayload}`);
  });
});

describe("waking", () => {
  it("is not lost when a record is stored while the tail is being started", async () => {
    const feed = createTestFeed();
    const gates: Array<() => void> = [];
    const follower = follow(feed);
    log.pause = () => new Promise((resolve) => gates.push(resolve));
    // The first read saw an empty log before the gates; whatever comes now is stored between a read and its answer.
    await eventually(() => log.readCount >= 1);
    const late = follow(feed);
    await eventually(() => gates.length > 0);
    gates.shift()?.();
    await eventually(() => gates.length > 0);
    await writer.append("a");
    log.pause = () => undefined;
    for (const open of gates) open();
    await eventually(() => follower.text() === "a" && late.text() === "a");
  });

  it.each([1, 2, 3, 4, 5, 6, 7, 8])("is not lost for the only follower, %d steps after it came", async (steps) => {
    log.pause = () => Promise.resolve();
    const follower = follow(createTestFeed());
    for (let step = 0; step < steps; step++) await Promise.resolve();
    await writer.append("a");
    await eventually(() => follower.text() === "a");
  });

  it("costs at most a poll where the log is deaf", async () => {
    log.deaf = true;
    const feed = createTestFeed({ pollMs: 10 });
    const followers = [follow(feed), follow(feed)];
    await new Promise(setImmediate);
    for (const piece of pieces(0, 3)) {
      await writer.append(piece);
      await eventually(() => followers.every((follower) => follower.text().endsWith(piece)));
    }
    expect(followers.map((follower) => follower.text())).toEqual(["0,1,2,", "0,1,2,"]);
  });

  it("goes on a poll after the log could not be read", async () => {
    const follower = follow(createTestFeed({ pollMs: 10 }));
    await new Promise(setImmediate);
    log.failing = true;
    await writer.append("a");
    await new Promise(setImmediate);
    log.failing = false;
    await writer.append("b");
    await eventually(() => follower.text() === "ab");
  });
});

describe("leaving", () => {
  it("ends the watching with the last one, and no poll reads on", async () => {
    const feed = createTestFeed({ pollMs: 1 });
    const followers = [follow(feed), follow(feed)];
    await eventually(() => log.readCount > 3);
    for (const follower of followers) follower.leave();
    await eventually(() => log.watcherCount === 0);
    await new Promise(setImmediate);
    const { readCount } = log;
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect(log.readCount).toBe(readCount);
  });

  it("while the tail is being read, gives nothing twice to who comes next", async () => {
    const feed = createTestFeed();
    const first = follow(feed);
    await new Promise(setImmediate);
    const { promise: read, resolve: goOn } = Promise.withResolvers<void>();
    log.pause = () => read;
    await writer.append(...pieces(0, 3));
    await eventually(() => log.readCount > 1);
    first.leave();
    log.pause = () => undefined;
    const next = follow(feed);
    await eventually(() => next.text() !== "");
    goOn();
    await new Promise(setImmediate);
    await writer.append("last");
    await eventually(() => next.text().endsWith("last"));
    expect(next.text()).toBe("0,1,2,last");
  });

  it.each([0, 2])(
    "of a log that was removed while its followers waited at its end, seq %d, is what all are told",
    async (seq) => {
      const feed = createTestFeed();
      const followers = [follow(feed), follow(feed)];
      await new Promise(setImmediate);
      await writer.append(...pieces(0, seq));
      await eventually(() => followers.every((follower) => follower.text() === pieces(0, seq).join("")));
      await log.expire("log", 0);
      await eventually(() => followers.every((follower) => follower.refusal() === "diverged"));
      for (const follower of followers) follower.leave();
      await openWriter(log, "log");
      expect(textOf(await feed.pull(start, manyBytes))).toBe("");
    },
  );

  it("of a log that became another, is what all followers are told", async () => {
    const feed = createTestFeed();
    const followers = [follow(feed), follow(feed)];
    await new Promise(setImmediate);
    await writer.append("a", "b");
    await eventually(() => followers.every((follower) => follower.text() === "ab"));
    await log.expire("log", 0);
    await (await openWriter(log, "log")).append("other");
    await eventually(() => followers.every((follower) => follower.refusal() === "diverged"));
    expect(followers.map((follower) => follower.text())).toEqual(["ab", "ab"]);
  });
});

it("refuses, for each follower, a record that cannot be encoded", async () => {
  const toEvent = format.toEvent.bind(format);
  format.toEvent = (record) => {
    if (record.payload === "bad") throw new Error("it cannot be encoded");
    return toEvent(record);
  };
  const feed = createTestFeed();
  let failure: unknown;
  const unwatch = feed.watch(() => {
    Promise.resolve(feed.pull(start, manyBytes)).catch((error: unknown) => (failure = error));
  });
  leavings.add(unwatch);
  await feed.pull(start, manyBytes);
  await writer.append("bad");
  await eventually(() => failure !== undefined);
  expect(String(failure)).toContain("it cannot be encoded");
});
