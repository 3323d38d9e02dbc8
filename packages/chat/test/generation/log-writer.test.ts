import { LogError, type RecordLog, start } from "@typebar/log";
import { openMemoryLog } from "@typebar/log/memory";
import { describe, expect, test } from "vitest";
import { createLogWriter, type LogWriter } from "../../src/generation/log-writer.ts";
import { fromPayload, type StoredChunk } from "../../src/generation/records.ts";

interface World {
  log: RecordLog;
  writer: LogWriter;
  told: string[];
  /** Until it is emptied, each append is refused with the first of these. */
  refusals: Error[];
  appends: number[];
  texts: () => Promise<string[]>;
}

const delta = (text: string): StoredChunk => ({ type: "text-delta", id: "t0", delta: text });
const unavailable = (): Error => new LogError("unavailable", "the disk is full");

async function openWorld({ giveUpMs = 10_000 } = {}): Promise<World> {
  const log = openMemoryLog();
  const lease = await log.acquire("g", { holder: "test", ttlMs: 60_000 });
  if (!lease) throw new Error("no lease");
  const told: string[] = [];
  const refusals: Error[] = [];
  const appends: number[] = [];
  const writer = createLogWriter({
    log: {
      ...log,
      async append(logId, expected, payloads) {
        const refusal = refusals.shift();
        if (refusal) throw refusal;
        appends.push(payloads.length);
        return log.append(logId, expected, payloads);
      },
    },
    lease,
    seq: lease.seq,
    onStop: () => told.push("stop"),
    onFenced: () => told.push("fenced"),
    onRefused: () => told.push("refused"),
    giveUpMs,
  });
  return {
    log,
    writer,
    told,
    refusals,
    appends,
    async texts() {
      const page = await log.read("g", start, { count: 10_000, chars: 10_000_000 });
      if (page.type !== "records") return [page.type];
      return page.records.map(({ payload }) => {
        const chunk = fromPayload(payload);
        return "delta" in chunk ? chunk.delta : chunk.type;
      });
    },
  };
}

describe("writing an answer's chunks", () => {
  test("stores them in order, what waits together in one append", async () => {
    const { writer, texts, appends } = await openWorld();
    for (const text of ["a", "b", "c"]) writer.push([delta(text)]);
    writer.push([]);
    expect(await writer.flushed()).toBe(true);
    writer.push([delta("d"), { type: "close" }]);
    expect(await writer.flushed()).toBe(true);
    expect(await texts()).toEqual(["a", "b", "c", "d", "close"]);
    expect(appends.length).toBeLessThan(5);
  });

  test("goes on exactly and in order after the store has refused", async () => {
    const { writer, refusals, texts, told } = await openWorld();
    refusals.push(unavailable(), unavailable(), new Error("anything else"));
    writer.push([delta("a")]);
    await Promise.resolve();
    writer.push([delta("b"), delta("c")]);
    expect(await writer.flushed()).toBe(true);
    expect(await texts()).toEqual(["a", "b", "c"]);
    expect(told).toEqual([]);
  });

  test("tells that the store has refused for too long, and still stores what is pushed when it can again", async () => {
    const { writer, refusals, texts, told } = await openWorld({ giveUpMs: 0 });
    refusals.push(unavailable());
    writer.push([delta("a")]);
    expect(await writer.flushed()).toBe(true);
    expect(told).toEqual(["refused"]);
    writer.push([{ type: "error", errorText: "x" }, { type: "close" }]);
    expect(await writer.flushed()).toBe(true);
    expect(await texts()).toEqual(["a", "error", "close"]);
  });

  test("stores nothing more once another writes, and says so", async () => {
    const { log, writer, texts, told } = await openWorld();
    writer.push([delta("a")]);
    expect(await writer.flushed()).toBe(true);
    const head = await log.head("g");
    // Another took the lease and wrote.
    await log.append("g", "any", [JSON.stringify(delta("of another"))]);
    expect(head?.seq).toBe(1);
    writer.push([delta("b")]);
    expect(await writer.flushed()).toBe(false);
    writer.push([delta("c"), { type: "close" }]);
    expect(await writer.flushed()).toBe(false);
    expect(await texts()).toEqual(["a", "of another"]);
    expect(told).toEqual(["fenced"]);
  });

  test("tells of a stop that the store passes on with an append", async () => {
    const { log, writer, told } = await openWorld();
    await log.requestStop("g");
    writer.push([delta("a")]);
    await writer.flushed();
    expect(told).toEqual(["stop"]);
  });

  test("gives up what is not stored, at once, also while it waits to try again", async () => {
    const { writer, refusals, texts } = await openWorld();
    refusals.push(...Array.from({ length: 100 }, unavailable));
    writer.push([delta("a")]);
    const flushed = writer.flushed();
    await new Promise((resolve) => setImmediate(resolve));
    writer.abandon();
    expect(await flushed).toBe(false);
    writer.push([delta("b")]);
    expect(await texts()).toEqual([]);
  });

  test("has no room while a mebibyte waits, and has again when it is stored", async () => {
    const { writer, refusals, texts } = await openWorld();
    refusals.push(unavailable());
    writer.push([delta("a")]);
    expect(writer.room()).toBeUndefined();
    for (let index = 0; index < 3; index++) writer.push([delta("x".repeat(600_000))]);
    const room = writer.room();
    expect(room).toBeInstanceOf(Promise);
    await room;
    expect(writer.room()).toBeUndefined();
    expect((await texts()).map(({ length }) => length)).toEqual([1, 600_000, 600_000, 600_000]);
  });
});
