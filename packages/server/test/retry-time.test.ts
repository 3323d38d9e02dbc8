import { describe, expect, it } from "vitest";
import { chooseRetryMs } from "../src/retry-time.ts";

const timings = { retryMs: 1000, retrySpreadMs: 500, returnsPerSecond: 2500 };
const almostOne = (): number => 0.999_999;

describe("the time that a client is told to wait", () => {
  it("is spread over the given time where few are connected", () => {
    expect(chooseRetryMs(timings, 100, () => 0)).toBe(1000);
    expect(chooseRetryMs(timings, 100, almostOne)).toBe(1499);
  });

  it("is spread over longer where all of them coming back would be more a second than the server takes", () => {
    expect(chooseRetryMs(timings, 10_000, () => 0.5)).toBe(3000);
    expect(chooseRetryMs(timings, 10_000, almostOne)).toBe(4999);
  });

  it("is the same for all where there are few and no spread is wanted", () => {
    expect(chooseRetryMs({ ...timings, retrySpreadMs: 0 }, 2, almostOne)).toBe(1000);
  });

  it("is bounded, however many there are", () => {
    expect(chooseRetryMs(timings, 10_000_000, almostOne)).toBe(30_999);
  });
});
