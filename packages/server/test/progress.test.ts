import { IncomingMessage, ServerResponse } from "node:http";
import { Socket } from "node:net";
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { createNodeExchange } from "../src/node-sink.ts";
import { emptyPacket } from "../src/packet.ts";
import { watchProgress } from "../src/progress.ts";
import type { Sink } from "../src/sink.ts";
import { createTimerWheel, type TimerWheel } from "../src/timer-wheel.ts";

/** A socket as far as its bytes are counted. */
interface Counts {
  bytesWritten: number | undefined;
  writableLength: number;
  _handle: { writeQueueSize: number } | null;
}

const timeoutMs = 30_000;
let counts: Counts;
let stalled: number;
let sink: Sink;
let wheel: TimerWheel;
let progress: ReturnType<typeof watchProgress> | undefined;

beforeEach(() => {
  vi.useFakeTimers();
  stalled = 0;
  counts = { bytesWritten: 100, writableLength: 0, _handle: { writeQueueSize: 0 } };
  const socket = new Socket();
  for (const name of ["bytesWritten", "writableLength", "_handle"] as const) {
    Object.defineProperty(socket, name, { get: () => counts[name] });
  }
  const request = new IncomingMessage(socket);
  sink = createNodeExchange(request, new ServerResponse(request)).open({}, emptyPacket, { onDrain, onClosed });
  wheel = createTimerWheel();
  progress = undefined;
});
afterEach(() => {
  progress?.cancel();
  expect(vi.getTimerCount()).toBe(0);
  vi.useRealTimers();
});

const onDrain = (): void => undefined;
const onClosed = (): void => undefined;

/** `bytes` are given to the system in one write, of which it takes `taken` at once. */
function write(bytes: number, taken: number): void {
  counts = {
    bytesWritten: (counts.bytesWritten ?? 0) + bytes,
    writableLength: bytes,
    _handle: { writeQueueSize: bytes - taken },
  };
  if (!progress?.isWatching) progress = watchProgress(sink, wheel, timeoutMs, () => (stalled += 1));
}

it("ends a reader that took a part of a write and then nothing, once, within an eighth more than the time-out", () => {
  write(1000, 400);
  vi.advanceTimersByTime(timeoutMs - 1);
  expect(stalled).toBe(0);
  vi.advanceTimersByTime(timeoutMs / 8 + 1);
  expect(stalled).toBe(1);
  vi.advanceTimersByTime(timeoutMs * 3);
  expect(stalled).toBe(1);
});

it("does not take what is written for something that left", () => {
  write(1000, 400);
  for (let second = 0; second < 34; second++) {
    // Node keeps what comes after the write that is leaving.
    counts = {
      ...counts,
      bytesWritten: (counts.bytesWritten ?? 0) + 10,
      writableLength: counts.writableLength + 10,
    };
    vi.advanceTimersByTime(1000);
  }
  expect(stalled).toBe(1);
});

it("keeps a reader that takes something now and then, of one write or of several", () => {
  write(1000, 0);
  for (let take = 1; take <= 10; take++) {
    counts = { ...counts, _handle: { writeQueueSize: 1000 - take } };
    vi.advanceTimersByTime(timeoutMs - 1000);
  }
  for (let take = 1; take <= 10; take++) {
    write(1000, 0);
    vi.advanceTimersByTime(timeoutMs - 1000);
  }
  expect(stalled).toBe(0);
});

it("lets a reader alone that has taken all", () => {
  write(1000, 400);
  counts = { ...counts, writableLength: 0, _handle: { writeQueueSize: 0 } };
  vi.advanceTimersByTime(timeoutMs * 10);
  expect(stalled).toBe(0);
});

it("counts whole writes where the handle tells nothing", () => {
  write(1000, 0);
  counts._handle = null;
  vi.advanceTimersByTime(timeoutMs - 1000);
  write(1000, 0);
  counts._handle = null;
  vi.advanceTimersByTime(timeoutMs - 1000);
  expect(stalled).toBe(0);
  vi.advanceTimersByTime(timeoutMs);
  expect(stalled).toBe(1);
});
