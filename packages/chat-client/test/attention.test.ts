import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { createAttention } from "../src/tabs/attention.ts";
import { createInterest } from "../src/tabs/interest.ts";

let window: EventTarget;
let document: EventTarget & { hidden: boolean; defaultView: EventTarget };

beforeEach(() => {
  vi.useFakeTimers();
  window = new EventTarget();
  document = Object.assign(new EventTarget(), { hidden: false, defaultView: window });
});
afterEach(() => {
  vi.useRealTimers();
});

function show(isShown: boolean): void {
  document.hidden = !isShown;
  document.dispatchEvent(new Event("visibilitychange"));
}

function open(whenHidden: "back" | "none"): ReturnType<typeof createInterest> {
  return createInterest(createAttention(document as unknown as Document), whenHidden);
}

describe("the interest of a tab in a stream", () => {
  it("is less ten seconds after the page was hidden, and as before as soon as it is seen", () => {
    const [answer, channels] = [open("back"), open("none")];
    const ranks = (): string[] => [answer.rank, channels.rank];
    expect(ranks()).toEqual(["front", "front"]);
    show(false);
    vi.advanceTimersByTime(9000);
    show(true);
    vi.advanceTimersByTime(5000);
    show(false);
    vi.advanceTimersByTime(9999);
    expect(ranks()).toEqual(["front", "front"]);
    vi.advanceTimersByTime(1);
    expect(ranks()).toEqual(["back", "none"]);
    show(true);
    expect(ranks()).toEqual(["front", "front"]);
  });

  it("is none in a page that begins hidden", () => {
    document.hidden = true;
    expect(open("none").rank).toBe("none");
  });

  it("ends at once when the page is frozen or kept for the back button", () => {
    const interest = open("back");
    document.dispatchEvent(new Event("freeze"));
    expect(interest.rank).toBe("none");
    document.hidden = true;
    document.dispatchEvent(new Event("resume"));
    expect(interest.rank).toBe("back");
    show(true);
    window.dispatchEvent(Object.assign(new Event("pagehide"), { persisted: false }));
    expect(interest.rank).toBe("front");
    window.dispatchEvent(Object.assign(new Event("pagehide"), { persisted: true }));
    expect(interest.rank).toBe("none");
    window.dispatchEvent(new Event("pageshow"));
    expect(interest.rank).toBe("front");
  });

  it("is less for what is out of view, and tells of each change once", () => {
    const interest = open("back");
    const told: string[] = [];
    interest.subscribe(() => told.push(interest.rank));
    interest.setInView(false);
    interest.setInView(false);
    show(false);
    vi.advanceTimersByTime(20_000);
    show(true);
    interest.setInView(true);
    expect(told).toEqual(["back", "front"]);
    interest[Symbol.dispose]();
    document.dispatchEvent(new Event("freeze"));
    expect(told).toHaveLength(2);
  });
});
