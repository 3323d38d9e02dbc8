/** When the channel `online` is told of: against a hub that only notes it. */
import type { Hub } from "@typebar/server";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { createOnlineChannel, type OnlineChannel } from "../../src/channels/online.ts";

let streams: number;
let followers: number;
let isStoreDown: boolean;
let told: unknown[];
let online: OnlineChannel;

beforeEach(() => {
  vi.useFakeTimers();
  [streams, followers, isStoreDown, told] = [0, 0, false, []];
  const hub: Pick<Hub, "publish" | "countFollowers"> = {
    async publish(_channel, event) {
      if (isStoreDown) throw new Error("down");
      told.push((event as { data: unknown }).data);
      return { id: "" };
    },
    countFollowers: () => followers,
  };
  online = createOnlineChannel({ hub: hub as Hub, countStreams: () => streams });
});
afterEach(() => {
  online.close();
  vi.useRealTimers();
});

/** Somebody comes, who reads what was told last. */
async function join(): Promise<void> {
  await online.expect();
  [streams, followers] = [streams + 1, followers + 1];
  online.watch({ tellsAgain: false });
}

describe("the channel online", () => {
  test("is told of at most once a second, and only when something has changed", async () => {
    await join();
    expect(told.splice(0)).toEqual([{ count: 1, followers: 1 }]);
    for (let turn = 0; turn < 50; turn++) {
      streams += 1;
      await vi.advanceTimersByTimeAsync(100);
    }
    expect(told.length).toBeLessThanOrEqual(5);
    expect(told.at(-1)).toEqual({ count: expect.any(Number) as number, followers: 1 });
    await vi.advanceTimersByTimeAsync(2000);
    told = [];
    await vi.advanceTimersByTimeAsync(60_000);
    expect(told).toEqual([]);
  });

  test("is not told of while nobody follows it, and no timer runs", async () => {
    await join();
    followers = 0;
    await vi.advanceTimersByTimeAsync(1000);
    expect(vi.getTimerCount()).toBe(0);
    streams = 9;
    await vi.advanceTimersByTimeAsync(10_000);
    expect(told).toEqual([{ count: 1, followers: 1 }]);
    await join();
    expect(told.at(-1)).toEqual({ count: 10, followers: 1 });
  });

  test("is told again to whoever reads no history, though nothing changed", async () => {
    await join();
    told = [];
    online.watch({ tellsAgain: true });
    await vi.advanceTimersByTimeAsync(1000);
    expect(told).toEqual([{ count: 1, followers: 1 }]);
  });

  test("is told again before it is forgotten, for whoever comes after hours without a change", async () => {
    await join();
    told = [];
    await vi.advanceTimersByTimeAsync(3_600_000);
    expect(told.length).toBeGreaterThan(2);
    expect(told.length).toBeLessThan(6);
  });

  test("is told of when the store is there again", async () => {
    await join();
    told = [];
    isStoreDown = true;
    streams = 5;
    await vi.advanceTimersByTimeAsync(3000);
    isStoreDown = false;
    await vi.advanceTimersByTimeAsync(1000);
    expect(told).toEqual([{ count: 5, followers: 1 }]);
  });
});
