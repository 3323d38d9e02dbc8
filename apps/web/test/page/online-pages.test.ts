import type { ChannelEvent, ChatClient, FollowChannelsOptions } from "@typebar/chat-client";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { createOnlinePages } from "../../src/page/online-pages.ts";

type Followed = ReturnType<typeof openFollowed>;

/** A channel that says what the test says. */
function openFollowed(channels: readonly string[], options: FollowChannelsOptions = {}) {
  const events: ChannelEvent[] = [];
  let wake: (() => void) | undefined;
  let isClosed = false;
  let failure: Error | undefined;
  async function* read(): AsyncGenerator<ChannelEvent, undefined> {
    while (!isClosed) {
      const next = events.shift();
      if (next) yield next;
      else if (failure) throw failure;
      else await new Promise<void>((resolve) => (wake = resolve));
    }
  }
  const tell = async (event: string, data: unknown): Promise<void> => {
    events.push({ event, data, lastEventId: "" });
    wake?.();
    await vi.advanceTimersByTimeAsync(0);
  };
  return {
    channels,
    options,
    tell,
    async refuse() {
      failure = new Error("refused");
      wake?.();
      await vi.advanceTimersByTimeAsync(0);
    },
    get isClosed() {
      return isClosed;
    },
    close() {
      isClosed = true;
      wake?.();
    },
    [Symbol.asyncIterator]: read,
  };
}

let followed: Followed[];
let document: EventTarget & { hidden: boolean };
let pages: ReturnType<typeof createOnlinePages>;
let stop: (() => void) | undefined;

beforeEach(() => {
  vi.useFakeTimers();
  followed = [];
  document = Object.assign(new EventTarget(), { hidden: false });
  const client = {
    followChannels(channels: readonly string[], options?: FollowChannelsOptions) {
      const opened = openFollowed(channels, options);
      followed.push(opened);
      return opened;
    },
  };
  pages = createOnlinePages(client as unknown as ChatClient, document as unknown as Document);
});
afterEach(() => {
  stop?.();
  vi.useRealTimers();
});

function show(visible: boolean): void {
  document.hidden = !visible;
  document.dispatchEvent(new Event("visibilitychange"));
}

const last = (): Followed => followed.at(-1) as Followed;

describe("the count of open pages", () => {
  it("is the number of those that follow the channel, not of all streams", async () => {
    stop = pages.start();
    expect(last().channels).toEqual(["online"]);
    await last().tell("ready", { channels: ["online"], resumed: false });
    expect(pages.count.value).toBe(0);
    await last().tell("online", { count: 7, followers: 3 });
    expect(pages.count.value).toBe(3);
  });

  it("is not told of while the connection is lost", async () => {
    stop = pages.start();
    await last().tell("online", { count: 2, followers: 2 });
    last().options.onConnectionChange?.({ name: "waiting" } as never);
    expect(pages.count.value).toBe(0);
    await last().tell("online", { count: 3, followers: 3 });
    expect(pages.count.value).toBe(3);
  });

  it("costs a page that nobody sees no connection", async () => {
    document.hidden = true;
    stop = pages.start();
    expect(followed).toHaveLength(0);
    show(true);
    expect(followed).toHaveLength(1);
    show(false);
    await vi.advanceTimersByTimeAsync(9000);
    show(true);
    expect([followed.length, last().isClosed]).toEqual([1, false]);
    show(false);
    await vi.advanceTimersByTimeAsync(11_000);
    expect([followed.length, last().isClosed, pages.count.value]).toEqual([1, true, 0]);
    show(true);
    expect([followed.length, last().isClosed]).toEqual([2, false]);
  });

  it("is let go of where the server refuses it, and asked for when the page comes into sight again", async () => {
    stop = pages.start();
    await last().tell("online", { count: 2, followers: 2 });
    await last().refuse();
    expect([followed.length, pages.count.value]).toEqual([1, 0]);
    show(false);
    show(true);
    expect(followed).toHaveLength(2);
    stop();
    expect(last().isClosed).toBe(true);
  });
});
