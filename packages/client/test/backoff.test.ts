import { expect, test } from "vitest";
import { createBackoff } from "../src/index.ts";

const unhinted = { retryMs: undefined, retryAfterMs: undefined };

test("delays without a word from the server are random from 0 to a bound that doubles up to the cap", () => {
  const bound = createBackoff({ initialMs: 1000, maxMs: 5000, random: () => 1 });
  const floor = createBackoff({ initialMs: 1000, maxMs: 5000, random: () => 0 });
  const failures = [1, 2, 3, 4, 5, 2000];
  expect(failures.map((count) => bound({ failures: count, ...unhinted }))).toEqual([
    1000, 2000, 4000, 5000, 5000, 5000,
  ]);
  expect(failures.map((count) => floor({ failures: count, ...unhinted }))).toEqual([0, 0, 0, 0, 0, 0]);
});

test("no delay is shorter than the stated reconnection time, nor the first longer than twice that", () => {
  const hints = { failures: 1, retryMs: 250, retryAfterMs: undefined };
  expect(createBackoff({ random: () => 0 })(hints)).toBe(250);
  expect(createBackoff({ random: () => 1 })(hints)).toBe(500);
});

test("a reconnection time of 0 is taken at its word once, and not again while nothing gets better", () => {
  const backoff = createBackoff({ initialMs: 1000, random: () => 0.5 });
  expect(backoff({ failures: 1, retryMs: 0, retryAfterMs: undefined })).toBe(0);
  expect(backoff({ failures: 2, retryMs: 0, retryAfterMs: undefined })).toBe(1000);
});

test("Retry-After is waited for, and spread", () => {
  const hints = { failures: 1, retryMs: 250, retryAfterMs: 7000 };
  expect(createBackoff({ random: () => 0 })(hints)).toBe(7000);
  expect(createBackoff({ random: () => 1 })(hints)).toBe(7250);
});

test("no delay overflows a timer", () => {
  const backoff = createBackoff({ random: () => 1 });
  expect(backoff({ failures: 9, retryMs: 2 ** 31 - 1, retryAfterMs: Infinity })).toBe(2 ** 31 - 1);
});
