/** Channels of the server, followed by any number of tabs over one connection. Opened by chat-client.ts. */
import { initialState } from "@typebar/client";
import type { ConnectionState, EventStream, IncomingEvent } from "@typebar/client";
import { isAhead, step } from "../channel-place.ts";
import type { ChannelSource } from "../channel-stream.ts";
import { createInterest } from "./interest.ts";
import { anyPlaces } from "./places.ts";
import { createSharedStream } from "./shared-stream.ts";
import type { OpenSettings } from "./shared-stream.ts";
import type { Tabs } from "./tabs.ts";
import type { Standing } from "./told.ts";

export interface SharedChannelsOptions {
  tabs: Tabs;
  channels: readonly string[];
  /** Names of events whose last one is told to a tab that joins. */
  kept: readonly string[];
  open(settings: OpenSettings): EventStream;
  onConnectionChange?: (state: ConnectionState) => void;
  /** The connection that another tab reads has changed. */
  onTold(state: ConnectionState): void;
}

/** By name. */
type Kept = Readonly<Record<string, IncomingEvent>>;

export function openSharedChannels(options: SharedChannelsOptions): ChannelSource {
  const { tabs, channels, kept: keptNames, onConnectionChange } = options;
  const abort = new AbortController();
  const interest = createInterest(tabs.attention, "none");
  let state: ConnectionState = initialState;
  let lastEventId = "";
  let kept: Kept = {};
  // What the consumer has not taken yet.
  let events: IncomingEvent[] = [];
  let isDone = false;
  let wake: (() => void) | undefined;

  function take(event: IncomingEvent): void {
    ({ lastEventId } = event);
    if (keptNames.includes(event.event)) kept = { ...kept, [event.event]: event };
    events.push(event);
    wake?.();
  }

  /** As the server begins a response, at the place of the tab that leads: nothing is missed from there on. */
  function adopt(standing: Standing<Kept>): void {
    if (!isAhead(standing.lastEventId, lastEventId)) return;
    const data = JSON.stringify({ channels: channels.toSorted(), resumed: false });
    take({ event: "ready", data, lastEventId: standing.lastEventId });
    for (const event of Object.values(standing.extra)) take({ ...event, lastEventId: standing.lastEventId });
  }

  const shared = createSharedStream<Kept>({
    tabs,
    key: `channels:${channels.toSorted().join()}`,
    places: anyPlaces,
    interest,
    signal: abort.signal,
    open: options.open,
    standing: () => ({ lastEventId, extra: kept }),
    take,
    fit(event, after) {
      const to = step(lastEventId, after, event.lastEventId);
      if (to === undefined) return "gap";
      return to === null ? "had" : { ...event, lastEventId: to };
    },
    adopt,
    isOver: () => false,
    onTold: options.onTold,
    onConnection(next) {
      state = next;
      onConnectionChange?.(next);
    },
  });
  const followed = shared.follow().finally(() => {
    isDone = true;
    interest[Symbol.dispose]();
    wake?.();
  });
  // Whoever iterates is told.
  followed.catch(() => undefined);

  function close(): void {
    events = [];
    abort.abort();
  }

  async function* read(): AsyncGenerator<IncomingEvent, undefined> {
    try {
      for (;;) {
        const taken = events;
        events = [];
        yield* taken;
        if (events.length > 0) continue;
        if (isDone) break;
        await new Promise<void>((resolve) => (wake = resolve));
      }
      if (!abort.signal.aborted) await followed;
      return undefined;
    } finally {
      close();
    }
  }

  const reading = read();
  return {
    get state() {
      return state;
    },
    retryNow: shared.retryNow,
    close,
    [Symbol.asyncIterator]: () => reading,
  };
}
