import { array, assert, nat, property } from "fast-check";
import { describe, expect, it } from "vitest";
import { isAhead, step } from "../src/channel-place.ts";
import { isLater } from "../src/place-order.ts";

describe("the place of a reader of several channels", () => {
  it("moves with an event that follows on it", () => {
    expect(step("a@1:1,b@1:1", "a@1:1,b@1:1", "a@1:2,b@1:1")).toBe("a@1:2,b@1:1");
    expect(step("", "", "a@1:0,b@1:0")).toBe("a@1:0,b@1:0");
  });

  it("moves in the channel of the event, however far another reader is in the others", () => {
    expect(step("a@1:1,b@1:7", "a@1:1,b@1:1", "a@1:2,b@1:1")).toBe("a@1:2,b@1:7");
    expect(step("a@1:1,b@1:1", "a@1:1,b@1:7", "a@1:2,b@1:7")).toBe("a@1:2,b@1:1");
  });

  it("stays where the event was had, and is told where one is missing", () => {
    expect(step("a@1:2,b@1:1", "a@1:1,b@1:1", "a@1:2,b@1:1")).toBeNull();
    expect(step("a@1:1,b@1:1", "a@1:2,b@1:1", "a@1:3,b@1:1")).toBeUndefined();
    expect(step("", "a@1:2,b@1:1", "a@1:3,b@1:1")).toBeUndefined();
    expect(step("a@1:9,b@1:1", "a@2:1,b@1:1", "a@2:2,b@1:1")).toBeUndefined();
  });

  it("takes every event once and in the order of its channel, whatever was read in between by whom", () => {
    const channels = ["a", "b", "c"];
    const event = nat({ max: channels.length - 1 });
    assert(
      property(array(event, { maxLength: 40 }), nat(), nat(), (order, cut, back) => {
        const all = toIds(order);
        // One reader is at `from`; another leads from further back on, and reads what it missed channel by channel.
        const at = cut % (order.length + 1);
        const leadFrom = at - (back % (at + 1));
        const missed = order.slice(leadFrom).toSorted((a, b) => a - b);
        const leads = toIds(missed, all[leadFrom]);
        let place = all[at] ?? "";
        const taken: number[] = [];
        for (const [index, channel] of missed.entries()) {
          const next = step(place, leads[index] ?? "", leads[index + 1] ?? "");
          expect(next).not.toBeUndefined();
          if (typeof next !== "string") continue;
          place = next;
          taken.push(channel);
        }
        expect(place).toBe(all.at(-1));
        expect(taken).toEqual(order.slice(at).toSorted((a, b) => a - b));
      }),
    );

    /** The ID before each event, and after the last. */
    function toIds(order: readonly number[], from = channels.map((name) => `${name}@5:0`).join()): string[] {
      const seqs = from.split(",").map((part) => Number(part.split(":")[1]));
      const ids = [from];
      for (const channel of order) {
        seqs[channel] = (seqs[channel] ?? 0) + 1;
        ids.push(channels.map((name, index) => `${name}@5:${seqs[index]}`).join());
      }
      return ids;
    }
  });

  it("is ahead of another if it has had anything that the other has not", () => {
    expect(isAhead("a@1:2,b@1:1", "a@1:1,b@1:5")).toBe(true);
    expect(isAhead("a@1:1,b@1:1", "a@1:1,b@1:5")).toBe(false);
    expect(isAhead("a@2:1", "a@1:9")).toBe(true);
    expect(isAhead("a@1:0", "")).toBe(true);
    expect(isAhead("", "")).toBe(false);
  });
});

describe("a place in the log of a generation", () => {
  it("is later by its epoch, and then by its number", () => {
    expect(isLater("g:1.2", "")).toBe(true);
    expect(isLater("g:1.10", "g:1.9")).toBe(true);
    expect(isLater("g:2.1", "g:1.9")).toBe(true);
    expect(isLater("g:1.2", "g:1.2")).toBe(false);
    expect(isLater("", "")).toBe(false);
  });
});
