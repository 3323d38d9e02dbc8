import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { startDeadline } from "../../src/generation/deadline.ts";

const limits = { firstTokenMs: 1000, silenceMs: 300, totalMs: 5000 };

describe("time limits of an answer", () => {
  const passed: string[] = [];

  beforeEach(() => {
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "performance"] });
    passed.length = 0;
  });
  afterEach(() => vi.useRealTimers());

  const start = (changed: Partial<typeof limits> = {}): ReturnType<typeof startDeadline> =>
    startDeadline({ ...limits, ...changed }, (code) => passed.push(code));

  test("passes the first one where the model says nothing", () => {
    using _deadline = start();
    vi.advanceTimersByTime(999);
    expect(passed).toEqual([]);
    vi.advanceTimersByTime(1);
    expect(passed).toEqual(["first-token-timeout"]);
  });

  test("passes the one of silence after the last token, though the first token came late", () => {
    using deadline = start();
    vi.advanceTimersByTime(950);
    deadline.touch();
    vi.advanceTimersByTime(299);
    deadline.touch();
    vi.advanceTimersByTime(299);
    expect(passed).toEqual([]);
    vi.advanceTimersByTime(1);
    expect(passed).toEqual(["silence-timeout"]);
  });

  test("passes the one of silence on time where it is shorter than what was left of the first", () => {
    using deadline = start();
    vi.advanceTimersByTime(10);
    deadline.touch();
    vi.advanceTimersByTime(299);
    expect(passed).toEqual([]);
    vi.advanceTimersByTime(1);
    expect(passed).toEqual(["silence-timeout"]);
  });

  test("passes the total one though the model never falls silent", () => {
    using deadline = start();
    for (let ms = 0; ms < 5000; ms += 100) {
      expect(passed).toEqual([]);
      deadline.touch();
      vi.advanceTimersByTime(100);
    }
    expect(passed).toEqual(["total-timeout"]);
  });

  test("passes the total one first where it is the shortest", () => {
    using _deadline = start({ totalMs: 50 });
    vi.advanceTimersByTime(50);
    expect(passed).toEqual(["total-timeout"]);
  });

  test("passes once, and not at all after the end", () => {
    const deadline = start();
    vi.advanceTimersByTime(20_000);
    expect(passed).toEqual(["first-token-timeout"]);
    const other = start();
    other.touch();
    other[Symbol.dispose]();
    deadline[Symbol.dispose]();
    vi.advanceTimersByTime(20_000);
    expect(passed).toHaveLength(1);
  });
});
