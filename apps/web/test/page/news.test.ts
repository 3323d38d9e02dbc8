import type { ChannelEvent, ChatClient, FollowChannelsOptions } from "@typebar/chat-client";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { createNews } from "../../src/page/news.ts";

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
let news: ReturnType<typeof createNews>;
let told: unknown[];
let stop: (() => void) | undefined;

beforeEach(() => {
  vi.useFakeTimers();
  followed = [];
  told = [];
  document = Object.assign(new EventTarget(), { hidden: false });
  const client = {
    followChannels(channels: readonly string[], options?: FollowChannelsOptions) {
      const opened = openFollowed(channels, options);
      followed.push(opened);
      return opened;
    },
  };
  news = createNews(client as unknown as ChatClient, document as unknown as Document, {
    onConversation: (change) => told.push(change),
    onDeleted: (id) => told.push(id),
    onSettings: (settings) => told.push(settings),
    onMissed: () => told.push("missed"),
  });
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

describe("news of the server", () => {
  it("come over one stream, which also says how many browsers are online", async () => {
    stop = news.start();
    expect(last().channels).toEqual(["online", "typebar.changes"]);
    await last().tell("online", { count: 7, followers: 3 });
    expect(news.online.value).toBe(3);
    const change = { conversation: { id: "c" }, generationId: null };
    await last().tell("conversation", change);
    await last().tell("conversation-deleted", { id: "d" });
    await last().tell("settings", { systemPrompt: "Short." });
    await last().tell("of a later version", {});
    expect(told).toEqual([change, "d", { systemPrompt: "Short." }]);
  });

  it("say when something may have been missed, and not when the stream only goes on", async () => {
    stop = news.start();
    await last().tell("ready", { channels: [], resumed: false });
    expect(told).toEqual(["missed"]);
    await last().tell("ready", { channels: [], resumed: true });
    expect(told).toHaveLength(1);
    await last().tell("reset", { channel: "typebar.changes", reason: "expired" });
    expect(told).toEqual(["missed", "missed"]);
  });

  it("tell of nobody online while the connection is lost", async () => {
    stop = news.start();
    await last().tell("online", { count: 2, followers: 2 });
    last().options.onConnectionChange?.({ name: "waiting" } as never);
    expect(news.online.value).toBe(0);
    await last().tell("online", { count: 3, followers: 3 });
    expect(news.online.value).toBe(3);
  });

  it("are let go of where the server refuses them, and asked for when the page comes into sight again", async () => {
    document.hidden = true;
    stop = news.start();
    expect(followed).toHaveLength(0);
    show(true);
    await last().tell("online", { count: 2, followers: 2 });
    await last().refuse();
    expect([followed.length, news.online.value]).toEqual([1, 0]);
    show(false);
    show(true);
    expect(followed).toHaveLength(2);
    stop();
    expect(last().isClosed).toBe(true);
  });
});
