/**
 * One event stream, followed by any number of tabs and read by one of them. Each tab keeps its own place: an event is
 * taken only by who stands right before it; who stands elsewhere asks for what the one that leads has; and who comes to
 * lead goes on from its own place. So what a message between tabs can do at worst is to come to nothing.
 *
 * Used by generation-handle.ts and channel-stream.ts.
 */
import type { ConnectionState, EventStream, IncomingEvent } from "@typebar/client";
import type { Interest } from "./interest.ts";
import { takeLead, takeLeadNow } from "./lead.ts";
import type { Lead, LeadOptions } from "./lead.ts";
import type { Places } from "./places.ts";
import { silentChannel } from "./tab-channel.ts";
import type { TabChannel } from "./tab-channel.ts";
import type { Tabs } from "./tabs.ts";
import { fromTold, toTold } from "./told.ts";
import type { Standing, Told, ToldConnection } from "./told.ts";

export interface SharedStreamOptions<Extra> {
  tabs: Tabs;
  /** Names the stream among all of this server's. */
  key: string;
  places: Places;
  interest: Interest;
  signal: AbortSignal;
  open(settings: OpenSettings): EventStream;
  /** Where this tab stands. */
  standing(): Standing<Extra>;
  take(event: IncomingEvent): void;
  /**
   * Of an event that another tab told, and the ID of the one before it there: the event as it is to be taken here. `had`: it
   * was taken already. `gap`: others lie between.
   */
  fit(event: IncomingEvent, after: string): IncomingEvent | "had" | "gap";
  /** Where another tab stands that was asked; it may be behind. */
  adopt(standing: Standing<Extra>): void;
  /** Nothing can follow any more. */
  isOver(): boolean;
  onConnection(state: ConnectionState): void;
  /** The connection that another tab reads has changed. */
  onTold(state: ConnectionState): void;
}

export interface OpenSettings {
  signal: AbortSignal;
  lastEventId: string;
  onStateChange(state: ConnectionState): void;
}

export interface SharedStream {
  /**
   * Until nothing can follow, or `signal` is aborted. Rejects with what ended the stream.
   *
   * @param begun - A stream that was opened already. It is read on if this tab can lead at once, else let go of.
   */
  follow(begun?: EventStream): Promise<void>;
  /** To be told of each change of `begun`. */
  moveTo(state: ConnectionState): void;
  retryNow(): void;
}

export function createSharedStream<Extra>(options: SharedStreamOptions<Extra>): SharedStream {
  const { tabs, key, interest, signal, standing } = options;
  const stop = new AbortController();
  const leadOptions: LeadOptions = {
    locks: tabs.locks,
    name: tabs.toName(key),
    places: options.places,
    interest,
    ask: greet,
    isAlive() {
      const isAlive = wasHeard;
      wasHeard = false;
      return isAlive;
    },
    onHeld(held) {
      isHeld = held;
      if (held) tellStanding(null);
    },
  };
  let channel: TabChannel<Told<Extra>> = silentChannel;
  let lead: Lead | null = null;
  let stream: EventStream | undefined;
  let connection: ToldConnection = { name: "connecting", failures: 0 };
  // This tab has the stream's lock.
  let isHeld = false;
  // Something came from the tab that leads.
  let wasHeard = true;
  let isLettingGo = false;
  // Asked already; the answer is on its way.
  let isAsking = false;

  function listen(): void {
    channel.close();
    // A page that sleeps would find all of it in a heap when it wakes, or be thrown away because of it.
    channel = tabs.attention.state === "asleep" ? silentChannel : tabs.openChannel<Told<Extra>>(key, hear);
    greet();
  }

  function greet(): void {
    channel.post({ type: "hello", lastEventId: standing().lastEventId, rank: interest.rank });
  }

  function tellStanding(extra: Extra | null): void {
    channel.post({ type: "standing", standing: { lastEventId: standing().lastEventId, extra }, connection });
  }

  function hear(told: Told<Extra>): void {
    if (isHeld) return answer(told);
    if (told.type === "hello" || told.type === "retry") return;
    wasHeard = true;
    if (told.type === "connection") hearConnection(told.connection);
    else if (told.type === "event") hearEvent(told.after, told.event);
    else hearStanding(told.standing, told.connection);
    if (options.isOver()) stop.abort();
  }

  function answer(told: Told<Extra>): void {
    if (told.type === "retry") stream?.retryNow();
    if (told.type !== "hello") return;
    const { lastEventId, extra } = standing();
    tellStanding(told.lastEventId === lastEventId ? null : extra);
    if (told.rank === "front" && lead?.rank === "back") lead.giveUp();
  }

  function hearEvent(after: string, event: IncomingEvent): void {
    const fitting = options.fit(event, after);
    if (fitting === "gap") askOnce();
    else if (fitting !== "had") options.take(fitting);
  }

  function hearStanding(
    { lastEventId, extra }: { lastEventId: string; extra: Extra | null },
    at: ToldConnection,
  ): void {
    isAsking = false;
    hearConnection(at);
    if (extra !== null) options.adopt({ lastEventId, extra });
    else if (lastEventId !== standing().lastEventId) askOnce();
  }

  function hearConnection(at: ToldConnection): void {
    // Each answer to a question says it again.
    if (at.name === connection.name && at.failures === connection.failures) return;
    connection = at;
    const state = fromTold(at);
    options.onConnection(state);
    options.onTold(state);
  }

  function askOnce(): void {
    if (isAsking) return;
    isAsking = true;
    greet();
  }

  /** @returns whether the server said that nothing is to come. */
  async function read(current: Lead, begun: EventStream | undefined): Promise<boolean> {
    lead = current;
    const { lastEventId } = standing();
    const reading = begun ?? options.open({ signal, lastEventId, onStateChange: moveTo });
    stream = reading;
    const close = (): void => letGo(reading);
    current.over.addEventListener("abort", close);
    if (current.over.aborted) close();
    try {
      for await (const event of reading) {
        const after = standing().lastEventId;
        options.take(event);
        channel.post({ type: "event", after, event });
        if (options.isOver()) break;
      }
      return !current.over.aborted;
    } finally {
      current.over.removeEventListener("abort", close);
      lead = null;
      current.release();
    }
  }

  function moveTo(state: ConnectionState): void {
    const told = toTold(state);
    if (told !== null) {
      connection = told;
      if (lead !== null) channel.post({ type: "connection", connection });
    }
    if (!isLettingGo) options.onConnection(state);
  }

  /** It is closed here because another tab reads on, or this one later: for whoever follows, that is no end. */
  function letGo(reading: EventStream): void {
    isLettingGo = true;
    reading.close();
    isLettingGo = false;
  }

  async function takeTurns(begun: EventStream | undefined): Promise<void> {
    if (begun !== undefined) {
      const first = await takeLeadNow(leadOptions);
      if (first === null) letGo(begun);
      else if (await read(first, begun)) return;
    }
    while (!signal.aborted && !options.isOver()) {
      const next = await takeLead(leadOptions, stop.signal);
      if (next === null || (await read(next, undefined))) return;
    }
  }

  return {
    async follow(begun) {
      const end = (): void => stop.abort();
      signal.addEventListener("abort", end);
      if (signal.aborted) end();
      const unsubscribe = tabs.attention.subscribe(listen);
      listen();
      try {
        await takeTurns(begun);
      } finally {
        signal.removeEventListener("abort", end);
        unsubscribe();
        channel.close();
        if (options.isOver()) options.onConnection({ name: "closed" });
      }
    },
    moveTo,
    retryNow() {
      if (lead !== null) stream?.retryNow();
      else channel.post({ type: "retry" });
    },
  };
}
