/** One who follows channels and comes back after each cut, as an `EventSource` does, and checks every event. Used by reconnects.test. */
import type { IncomingEvent } from "@typebar/sse";
import { type Random, randomInteger } from "@typebar/testing";
import { openStreamClient, type StreamClient } from "./stream-client.ts";

/** What the publisher sends: the number of the event in its channel. */
export interface Tick {
  channel: string;
  number: number;
}

export interface Follower {
  readonly channels: readonly string[];
  /** How often it went on after an ID. */
  readonly resumeCount: number;
  /** What was lost, doubled or out of order. */
  readonly faults: readonly string[];
  /** Number of the last event of a channel. */
  reached(channel: string): number;
  /** Settles when it has left. */
  leave(): Promise<void>;
}

export interface FollowerOptions {
  /** Of the proxy that cuts. */
  port: number;
  channels: readonly string[];
  random: Random;
  /** Whether it leaves by itself now and then, in the midst of what comes. */
  leaves: () => boolean;
}

const idPattern = /([^@,]+)@\d+:(\d+)/g;

export function follow({ port, channels, random, leaves }: FollowerOptions): Follower {
  /** Number of the last event by channel; from the first ID on. */
  const reached = new Map<string, number>();
  const faults: string[] = [];
  let lastEventId: string | undefined;
  let resumeCount = 0;
  let isOver = false;
  let present: StreamClient | undefined;

  function check(event: IncomingEvent): void {
    const numbers = parseId(event.lastEventId);
    if (event.event === "ready") {
      const { resumed } = JSON.parse(event.data) as { resumed: boolean };
      if (resumed) resumeCount += 1;
      if (resumed !== (lastEventId !== undefined)) faults.push(`ready says resumed: ${resumed} after ${lastEventId}`);
      if (!resumed) for (const channel of channels) reached.set(channel, numbers.get(channel) ?? 0);
    } else if (event.event === "tick") {
      const { channel, number } = JSON.parse(event.data) as Tick;
      const expected = (reached.get(channel) ?? Number.NaN) + 1;
      if (number !== expected) faults.push(`${channel}: ${number} came in the place of ${expected}`);
      reached.set(channel, number);
    } else {
      faults.push(`${event.event}: ${event.data}`);
    }
    for (const channel of channels) {
      if (numbers.get(channel) === reached.get(channel)) continue;
      faults.push(
        `${event.lastEventId} is the ID of an event after which ${channel} has reached ${reached.get(channel)}`,
      );
    }
    ({ lastEventId } = event);
  }

  async function connect(): Promise<void> {
    let chunksUntilLeaving = leaves() && random() < 0.3 ? randomInteger(random, 1, 6) : Number.POSITIVE_INFINITY;
    const client = openStreamClient({
      port,
      query: `channels=${channels.join()}`,
      lastEventId,
      onEvent: check,
      onChunk() {
        chunksUntilLeaving -= 1;
        if (chunksUntilLeaving <= 0) client.leave();
      },
    });
    present = client;
    await client.closed;
  }

  async function run(): Promise<void> {
    while (!isOver) await connect();
  }

  const over = run();
  return {
    channels,
    get resumeCount() {
      return resumeCount;
    },
    faults,
    reached: (channel) => reached.get(channel) ?? 0,
    leave() {
      isOver = true;
      present?.leave();
      return over;
    },
  };
}

function parseId(id: string): Map<string, number> {
  return new Map(Array.from(id.matchAll(idPattern), ([, channel = "", number]) => [channel, Number(number)]));
}
