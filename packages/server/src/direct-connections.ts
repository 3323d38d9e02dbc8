/** Event streams without a log: whoever opened a connection sends to its one client. For servers that need nothing else. */
import type { IncomingMessage, ServerResponse } from "node:http";
import { encodeEvent, type OutgoingEvent } from "@typebar/sse";
import type { CloseReason } from "./close-reason.ts";
import type { Connection } from "./connection.ts";
import { createConnectionSet, type ConnectionSetOptions } from "./connection-set.ts";
import { createNodeExchange } from "./node-sink.ts";
import { createSendQueue, type SendQueue, type SendResult } from "./send-queue.ts";
import type { Exchange } from "./sink.ts";
import type { StreamHeaders } from "./stream-headers.ts";
import { createWebExchange } from "./web-sink.ts";

export interface DirectConnection extends Connection {
  /**
   * Settles when the event was handed to a socket that takes bytes, or when the client goes: never later than that. Whoever
   * waits for it before the next `send` goes as fast as the client reads.
   *
   * @returns `"gone"` if nothing of the event was written: the connection is over, or was ended before.
   * @throws {EncodeError} "invalid-id", "invalid-event"; nothing was written then.
   */
  send(event: OutgoingEvent): Promise<SendResult>;
  /** Ends the response as a whole one, after what was sent before. */
  end(): void;
}

export interface DirectConnectionsOptions extends ConnectionSetOptions {
  /**
   * So much may wait for one client by `send`s that were not waited for, in bytes, and one event more; beyond that its connection
   * is cut off, as `"stalled"`.
   *
   * @defaultValue 1048576
   */
  maxWaitingBytes?: number;
}

export interface DirectOptions {
  /** Sent beside those of every event stream, which stay as they are. */
  headers?: StreamHeaders;
  /** The client is known to come back by itself, so that its connection may be ended after `rotateMs`. @defaultValue false */
  rotate?: boolean;
}

export interface DirectConnections {
  /**
   * Opens one response of Node's `http`: its head and first lines leave at once. `undefined` if its client has left already.
   *
   * @throws if a header cannot be sent; nothing was written then.
   */
  open(
    options: DirectOptions & { request: IncomingMessage; response: ServerResponse },
  ): Promise<DirectConnection | undefined>;
  /** The same for a web-standard request: the response is to be returned, while the connection is sent to. */
  respond(
    request: Request,
    options?: DirectOptions,
  ): Promise<{ response: Response; connection: DirectConnection | undefined }>;
  /** How many connections are open. */
  readonly openCount: number;
  /** Ends every open connection as cut off, so that its client comes back; here too, where later ones are served as ever. */
  cut(): void;
  /** The same for good: later ones are ended as soon as they are open. Settles when all are gone. */
  close(): Promise<void>;
}

export function createDirectConnections(options: DirectConnectionsOptions = {}): DirectConnections {
  const { maxWaitingBytes = 1_048_576, ...setOptions } = options;
  const connections = createConnectionSet(setOptions);

  async function open(
    exchange: Exchange,
    resumed: boolean,
    { headers, rotate = false }: DirectOptions,
  ): Promise<DirectConnection | undefined> {
    const queue = createSendQueue();
    const opened = await connections.open({
      exchange,
      feed: queue,
      after: 0,
      rotate,
      resumed,
      owner: { onOpened: () => undefined, onClosed: queue.close },
      ...(headers && { headers }),
    });
    return "closed" in opened ? withQueue(opened, queue) : undefined;
  }

  function withQueue(connection: Connection, queue: SendQueue): DirectConnection {
    function close(reason: CloseReason): void {
      connection.close(reason);
      queue.close();
    }
    return {
      get closed() {
        return connection.closed;
      },
      close,
      async send(event) {
        const block = encodeEvent(event);
        if (queue.waitingBytes >= maxWaitingBytes) close("stalled");
        return queue.add(block);
      },
      end: queue.end,
    };
  }

  return {
    open: ({ request, response, ...options }) =>
      open(createNodeExchange(request, response), request.headers["last-event-id"] !== undefined, options),
    async respond(request, options = {}) {
      const exchange = createWebExchange(request.signal);
      const connection = await open(exchange, request.headers.has("last-event-id"), options);
      return { response: exchange.response ?? new Response(null, { status: 499 }), connection };
    },
    get openCount() {
      return connections.openCount;
    },
    cut: connections.cut,
    close: connections.close,
  };
}
