/** All event streams of a process: a feed per log that is being followed, and the open connections. Called by chat/routes. */
import type { IncomingMessage, ServerResponse } from "node:http";
import type { Position, RecordLog } from "@typebar/log";
import type { OutgoingEvent } from "@typebar/sse";
import { type Connection, openConnection, type Refusal } from "./connection.ts";
import { createFeed, type Feed } from "./feed.ts";
import { createFixedFeed } from "./fixed-feed.ts";
import type { RecordFormat } from "./pull.ts";
import type { ConnectionTimings } from "./timings.ts";

export interface EventStreamsOptions {
  log: RecordLog;
  timings?: Partial<ConnectionTimings>;
  /** @defaultValue Math.random */
  random?: () => number;
}

export interface OpenOptions {
  request: IncomingMessage;
  response: ServerResponse;
  /**
   * A log to follow, or records that no longer change. All that follow a log share one feed, so their formats must write the same;
   * `alone` gives this one a feed of its own, which shows its format the records in the log's order, some more than once.
   */
  source: { logId: string; alone?: boolean } | { records: Parameters<typeof createFixedFeed>[0] };
  format: RecordFormat;
  after: Position;
  headers?: Readonly<Record<string, string>>;
  /** Goes before the first one. */
  preamble?: OutgoingEvent;
  /** The client is known to come back, so the connection may be rotated. */
  rotate: boolean;
}

export interface EventStreams {
  /**
   * Opens one response. A refusal has written nothing: the caller answers.
   *
   * @throws if the log cannot be read; nothing was written then.
   */
  open(options: OpenOptions): Promise<Connection | Refusal>;
  /** How many connections are open. */
  readonly openCount: number;
  /** Ends every open connection as cut off, so that its client comes back; here too, where later ones are served as ever. */
  cut(): void;
  /**
   * Ends every connection as cut off, so that its client comes back, and waits until all are gone, a second at most; later
   * ones are ended as soon as they are open.
   */
  close(): Promise<void>;
}

export function createEventStreams({ log, timings, random }: EventStreamsOptions): EventStreams {
  const feeds = new Map<string, { feed: Feed; users: number }>();
  const connections = new Set<Connection>();
  let closing = false;

  function toFeed(source: OpenOptions["source"], format: RecordFormat): { feed: Feed; giveBack: () => void } {
    if ("records" in source) return { feed: createFixedFeed(source.records, format), giveBack: () => undefined };
    if (source.alone) return { feed: createFeed({ log, logId: source.logId, format }), giveBack: () => undefined };
    return borrowFeed(source.logId, format);
  }

  function borrowFeed(logId: string, format: RecordFormat): { feed: Feed; giveBack: () => void } {
    const entry = feeds.get(logId) ?? { feed: createFeed({ log, logId, format }), users: 0 };
    feeds.set(logId, entry);
    entry.users += 1;
    return {
      feed: entry.feed,
      giveBack: () => {
        entry.users -= 1;
        if (entry.users === 0) feeds.delete(logId);
      },
    };
  }

  function cut(): void {
    for (const connection of connections) connection.close("shutdown");
  }

  return {
    async open({ source, format, ...options }) {
      const { feed, giveBack } = toFeed(source, format);
      let connection: Connection | Refusal;
      try {
        connection = await openConnection({ ...options, feed, ...(timings && { timings }), ...(random && { random }) });
      } catch (error) {
        giveBack();
        throw error;
      }
      if (!("closed" in connection)) {
        giveBack();
        return connection;
      }
      const opened = connection;
      connections.add(opened);
      void opened.closed.then(() => {
        connections.delete(opened);
        giveBack();
      });
      if (closing) opened.close("shutdown");
      return opened;
    },
    get openCount() {
      return connections.size;
    },
    cut,
    async close() {
      closing = true;
      cut();
      await Promise.all([...connections].map((connection) => connection.closed));
    },
  };
}
