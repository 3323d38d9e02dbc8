/**
 * Chunks of bytes -> the events that the consumer has not taken yet. Filled and emptied by stream-core.ts.
 *
 * An event ID counts as the last one only when its event was taken: whatever happens to a connection, what lies in
 * between is neither lost nor asked for again.
 */
import { createEventParser } from "@typebar/sse";
import type { EventParser, IncomingEvent } from "@typebar/sse";
import { createDuplicateFilter } from "./duplicates.ts";
import { EventStreamError } from "./errors.ts";

/** A few hundred KiB as IDs of some 30 characters, at most 3 MiB as chunks. */
const rememberedIds = 10_000;

export interface InboxOptions {
  lastEventId: string;
  maxEventChars: number;
  suppressDuplicates: boolean;
  onRetry: (retryMs: number) => void;
  /** What is handed out in place of an event: the same, with more. */
  toEvent?: ((event: IncomingEvent, own: OwnFields) => IncomingEvent) | undefined;
}

/** Takes an event. What it returns, if anything, is a promise that the next event waits for. */
export type Consumer = (event: IncomingEvent) => void | Promise<void>;

/** What an event's own block stated. */
export interface OwnFields {
  id: string | undefined;
  name: string | undefined;
  retryMs: number | undefined;
}

export interface Inbox {
  /** A new response begins: half an event of the one before is forgotten, as the standard says. */
  beginResponse(): void;
  /**
   * @param consumer - Is given events as they are parsed, until it returns a promise or throws; the rest is to be taken.
   * @throws {EventStreamError} "event-too-large": the events before it can still be taken.
   */
  push(bytes: Uint8Array, consumer?: Consumer): void;
  /** What the consumer returned, or a rejection with what it threw; `undefined` where nothing is to be waited for. */
  readonly work: void | Promise<void>;
  /** The next event, which is thereby handed out. */
  take(): IncomingEvent | undefined;
  /** Drops what was not taken. */
  clear(): void;
  /** The ID to go on after. */
  readonly lastEventId: string;
}

export function createInbox(options: InboxOptions): Inbox {
  const { maxEventChars, suppressDuplicates, toEvent } = options;
  const duplicates = createDuplicateFilter(rememberedIds);
  let lastEventId = options.lastEventId;
  // The ID that counts once everything was taken: a block may state an ID and bring no event.
  let parsedEventId = lastEventId;
  let parser: EventParser | undefined;
  // Of the block that is being read.
  let retryMs: number | undefined;
  let events: IncomingEvent[] = [];
  // Index of the next event to take; the array is replaced when all are taken, which is cheaper than shifting.
  let next = 0;
  // Who takes events as they are parsed; `undefined` while they are queued.
  let taker: Consumer | undefined;
  let work: void | Promise<void>;
  // The rest of the present response is not wanted.
  let dropping = false;

  function handOut(event: IncomingEvent, consumer: Consumer): void {
    lastEventId = event.lastEventId;
    try {
      work = consumer(event);
    } catch (error) {
      work = Promise.reject(error);
    }
    // Whoever returns nothing is not made to wait a turn.
    if (work instanceof Object) taker = undefined;
  }

  return {
    beginResponse() {
      dropping = false;
      duplicates.reconnected();
      retryMs = undefined;
      parser = createEventParser({
        lastEventId,
        maxEventChars,
        onRetry(stated) {
          retryMs = stated;
          options.onRetry(stated);
        },
        onEvent(event, ownId, ownName) {
          if (suppressDuplicates && duplicates.isDuplicate(ownId)) return;
          const given = toEvent === undefined ? event : toEvent(event, { id: ownId, name: ownName, retryMs });
          retryMs = undefined;
          if (taker !== undefined) handOut(given, taker);
          else if (!dropping) events.push(given);
        },
      });
    },
    push(bytes, consumer) {
      work = undefined;
      if (parser === undefined) return;
      if (next === events.length && !dropping) taker = consumer;
      try {
        parser.push(bytes);
        duplicates.chunkEnded(bytes);
        // While a server repeats old events, their IDs lead back to where the consumer has been already.
        if (!duplicates.repeating) parsedEventId = parser.lastEventId;
      } catch (error) {
        parsedEventId = events.at(-1)?.lastEventId ?? lastEventId;
        throw new EventStreamError("event-too-large", { cause: error });
      } finally {
        taker = undefined;
      }
      if (next === events.length && !dropping) lastEventId = parsedEventId;
    },
    get work() {
      return work;
    },
    take() {
      const event = events[next];
      if (event === undefined) return undefined;
      next += 1;
      lastEventId = event.lastEventId;
      if (next === events.length) {
        lastEventId = parsedEventId;
        events = [];
        next = 0;
      }
      return event;
    },
    clear() {
      taker = undefined;
      dropping = true;
      events = [];
      next = 0;
    },
    get lastEventId() {
      return lastEventId;
    },
  };
}
