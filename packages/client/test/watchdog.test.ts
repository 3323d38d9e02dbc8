import { expect, test } from "vitest";
import { createWatchdog } from "../src/watchdog.ts";
import type { Clock } from "../src/index.ts";

/** Time that only moves when it is told to. */
function createManualClock(): Clock & { advance(ms: number): void; sleep(ms: number): void; timers(): number } {
  let nowMs = 0;
  let timers: { at: number; callback: () => void }[] = [];
  return {
    now: () => nowMs,
    setTimeout(callback, delayMs) {
      const timer = { at: nowMs + delayMs, callback };
      timers.push(timer);
      return timer;
    },
    clearTimeout(timer) {
      timers = timers.filter((other) => other !== timer);
    },
    advance(ms) {
      const end = nowMs + ms;
      for (;;) {
        const due = timers.filter(({ at }) => at <= end).sort((a, b) => a.at - b.at)[0];
        if (due === undefined) break;
        timers = timers.filter((other) => other !== due);
        nowMs = due.at;
        due.callback();
      }
      nowMs = end;
    },
    sleep(ms) {
      nowMs += ms;
    },
    timers: () => timers.length,
  };
}

function start(silenceMs: number): {
  clock: ReturnType<typeof createManualClock>;
  dog: ReturnType<typeof createWatchdog>;
  barks: () => number;
} {
  const clock = createManualClock();
  let barks = 0;
  const dog = createWatchdog(clock, silenceMs, () => {
    barks += 1;
    dog.stop();
  });
  return { clock, dog, barks: () => barks };
}

test("barks when nothing came for the whole time, and not before", () => {
  const { clock, dog, barks } = start(1000);
  clock.advance(700);
  dog.watch();
  clock.advance(999);
  expect(barks()).toBe(0);
  clock.advance(1);
  expect(barks()).toBe(1);
});

test("stays quiet while something comes now and then", () => {
  const { clock, dog, barks } = start(1000);
  for (let i = 0; i < 50; i++) {
    dog.watch();
    clock.advance(900);
    dog.rest();
  }
  expect(barks()).toBe(0);
});

test("does not count the consumer's own time", () => {
  const { clock, dog, barks } = start(1000);
  dog.watch();
  dog.rest();
  clock.advance(100_000);
  dog.watch();
  clock.advance(999);
  expect(barks()).toBe(0);
});

test("a check after sleep, in which timers stood still, sees the silence at once", () => {
  const { clock, dog, barks } = start(1000);
  dog.watch();
  clock.sleep(60_000);
  dog.check();
  expect(barks()).toBe(1);
});

test("one timer serves all reads, and none is left after the stop, also at a late check", () => {
  const { clock, dog, barks } = start(1000);
  for (let i = 0; i < 10; i++) {
    dog.watch();
    dog.rest();
  }
  expect(clock.timers()).toBe(1);
  dog.watch();
  dog.stop();
  clock.sleep(5000);
  dog.check();
  expect(clock.timers()).toBe(0);
  expect(barks()).toBe(0);
});

test("waits for ever with Infinity, without a timer that overflows", () => {
  const { clock, dog, barks } = start(Infinity);
  dog.watch();
  clock.advance(2 ** 33);
  expect(barks()).toBe(0);
});
