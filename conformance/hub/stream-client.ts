/** One request for an event stream, as a browser makes it, under a test's control. Used by followers and tests. */
import { type ClientRequest, get, type IncomingMessage } from "node:http";
import { createEventParser, type IncomingEvent } from "@typebar/sse";

export interface StreamClient {
  readonly events: readonly IncomingEvent[];
  /** Once its head has come. */
  readonly response: IncomingMessage | undefined;
  /** After how many milliseconds to come back, as it was told last. */
  readonly retryMs: number | undefined;
  /** Settles when nothing more can come. */
  readonly closed: Promise<void>;
  /** Settles when the condition holds; it is asked again whenever something has come. */
  until(condition: () => boolean): Promise<void>;
  /** Reads no more, so that what is sent to it stays on its way. */
  pause(): void;
  resume(): void;
  /** Leaves, with a reset if anything is left unread. */
  leave(): void;
}

export interface StreamClientOptions {
  port: number;
  /** What follows `/events?`. */
  query: string;
  lastEventId?: string | undefined;
  onEvent?: (event: IncomingEvent) => void;
  onChunk?: () => void;
}

export function openStreamClient({ port, query, lastEventId, onEvent, onChunk }: StreamClientOptions): StreamClient {
  const events: IncomingEvent[] = [];
  const waiting = new Set<() => void>();
  let response: IncomingMessage | undefined;
  let retryMs: number | undefined;
  let isClosed = false;
  const look = (): void => waiting.forEach((check) => check());
  const parser = createEventParser({
    onEvent(event) {
      events.push(event);
      onEvent?.(event);
    },
    onRetry: (ms) => void (retryMs = ms),
  });
  const request: ClientRequest = get({
    host: "127.0.0.1",
    port,
    path: `/events?${query}`,
    agent: false,
    headers: {
      accept: "text/event-stream",
      "accept-encoding": "gzip, br",
      origin: "https://page.example",
      ...(lastEventId !== undefined && { "last-event-id": lastEventId }),
    },
  });
  request.on("response", (incoming) => {
    response = incoming;
    incoming.on("error", ignore);
    incoming.on("data", (chunk: Buffer) => {
      parser.push(chunk);
      onChunk?.();
      look();
    });
    look();
  });
  // What follows an error is `close`.
  request.on("error", ignore);
  const closed = new Promise<void>((resolve) => {
    request.on("close", () => {
      isClosed = true;
      resolve();
      look();
    });
  });
  return {
    events,
    get response() {
      return response;
    },
    get retryMs() {
      return retryMs;
    },
    closed,
    until: (condition) =>
      new Promise((resolve, reject) => {
        const check = (): void => {
          if (condition()) resolve();
          else if (isClosed) reject(new Error(`The stream ended before: ${JSON.stringify(events.slice(-5))}`));
          else return;
          waiting.delete(check);
        };
        waiting.add(check);
        check();
      }),
    pause: () => void response?.pause(),
    resume: () => void response?.resume(),
    leave: () => void request.destroy(),
  };
}

function ignore(): void {}
