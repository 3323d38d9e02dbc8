import { expect, test } from "vitest";
import { createStopwatch } from "../../src/generation/stopwatch.ts";

function measure(speech: readonly (readonly [atMs: number, kind: "reasoning" | "text"])[], endMs: number): unknown {
  let nowMs = 0;
  const stopwatch = createStopwatch(() => nowMs);
  for (const [atMs, kind] of speech) {
    nowMs = atMs;
    stopwatch.spoke(kind === "reasoning");
  }
  nowMs = endMs;
  return stopwatch.read();
}

test("measures from the first word, not from the question", () => {
  expect(
    measure(
      [
        [5000, "text"],
        [5600, "text"],
      ],
      6000,
    ),
  ).toEqual({ durationMs: 1000 });
});

test("adds up what was thought between words", () => {
  const speech = [
    [100, "reasoning"],
    [900, "reasoning"],
    [1100, "text"],
    [2000, "reasoning"],
    [2500, "text"],
  ] as const;
  expect(measure(speech, 4100)).toEqual({ durationMs: 4000, thoughtMs: 1500 });
});

test("counts thoughts that nothing followed until the end", () => {
  expect(measure([[0, "reasoning"]], 700)).toEqual({ durationMs: 700, thoughtMs: 700 });
});

test("says nothing of a model that said nothing", () => {
  expect(measure([], 700)).toBeUndefined();
});
