/** One feed for all connections that follow the same channels, one tail per channel for all feeds. Used by followers. */
import type { Position, RecordLog } from "@typebar/log";
import type { Feed } from "../pull.ts";
import { createShared } from "../shared.ts";
import { createTail, type Tail } from "../tail.ts";
import { type ChannelFeedOptions, createChannelFeed, encodeLines, type EventLines } from "./channel-feed.ts";
import { toLogId } from "./channel-name.ts";

export interface ChannelFeedsOptions extends Pick<ChannelFeedOptions, "flushMs" | "onReset"> {
  log: RecordLog;
}

/** What all that follow the same channels share. */
export interface Followed {
  channels: readonly string[];
  feed: Feed<readonly Position[]>;
}

export interface ChannelFeeds {
  /** @param channels - Each once, always in the same order. */
  borrow(channels: readonly string[]): Followed;
  /** To be called once for each `borrow`. */
  giveBack(channels: readonly string[]): void;
}

/** How much of each channel's tail is kept encoded, in characters. */
const tailChars = 262_144;

export function createChannelFeeds({ log, flushMs, onReset }: ChannelFeedsOptions): ChannelFeeds {
  const tails = createShared<Tail<EventLines>>();
  const followed = createShared<Followed>(({ channels }) => channels.forEach(tails.giveBack));

  function borrowTail(logId: string, channel: string): Tail<EventLines> {
    return tails.borrow(channel, () =>
      createTail({
        log,
        logId,
        encode: encodeLines,
        sizeOf: ({ lines }) => lines.length,
        cacheSize: tailChars,
        pollMs: 1000,
        pageLimit: { count: 8192, chars: 524_288 },
      }),
    );
  }

  return {
    borrow: (channels) =>
      followed.borrow(channels.join(), () => {
        const tailed = channels.map((name) => {
          const logId = toLogId(name);
          return { name, logId, tail: borrowTail(logId, name) };
        });
        return { channels, feed: createChannelFeed({ log, channels: tailed, flushMs, onReset }) };
      }),
    giveBack: (channels) => followed.giveBack(channels.join()),
  };
}
