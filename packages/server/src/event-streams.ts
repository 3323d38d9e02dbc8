/** Opens and closes the connections that follow logs. Called by chat/routes. */
import type { IncomingMessage, ServerResponse } from "node:http";
import type { Position, RecordLog } from "@typebar/log";
import type { OutgoingEvent } from "@typebar/sse";
import type { Connection, Refusal } from "./connection.ts";
import { createConnectionSet, type ConnectionSetOptions } from "./connection-set.ts";
import { createFeed } from "./feed.ts";
import { createFixedFeed } from "./fixed-feed.ts";
import { createNodeExchange } from "./node-sink.ts";
import type { Feed, RecordFormat } from "./pull.ts";
import { createShared } from "./shared.ts";
import type { StreamHeaders } from "./stream-headers.ts";

export interface EventStreamsOptions extends ConnectionSetOptions {
  log: RecordLog;
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
  headers?: StreamHeaders;
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

export function createEventStreams({ log, ...options }: EventStreamsOptions): EventStreams {
  const connections = createConnectionSet(options);
  const feeds = createShared<Feed>();

  function borrowFeed(source: OpenOptions["source"], format: RecordFormat): { feed: Feed; giveBack: () => void } {
    if ("records" in source) return { feed: createFixedFeed(source.records, format), giveBack };
    const { logId, alone } = source;
    if (alone) return { feed: createFeed({ log, logId, format }), giveBack };
    const feed = feeds.borrow(logId, () => createFeed({ log, logId, format }));
    return { feed, giveBack: () => feeds.giveBack(logId) };
  }

  return {
    async open({ request, response, source, format, after, headers, preamble, rotate }) {
      const borrowed = borrowFeed(source, format);
      let opened: Connection | Refusal | undefined;
      try {
        opened = await connections.open({
          exchange: createNodeExchange(request, response),
          feed: borrowed.feed,
          after,
          rotate,
          resumed: after.seq > 0,
          ...(headers && { headers }),
          ...(preamble && { preamble }),
        });
        return opened;
      } finally {
        if (opened && "closed" in opened) void opened.closed.then(borrowed.giveBack);
        else borrowed.giveBack();
      }
    },
    get openCount() {
      return connections.openCount;
    },
    cut: connections.cut,
    close: connections.close,
  };
}

function giveBack(): void {}
