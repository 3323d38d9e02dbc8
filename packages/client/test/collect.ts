/** Reads streams to their end, with options that keep tests short. */
import { openEventStream } from "../src/index.ts";
import type { ConnectionState, EventStream, EventStreamOptions, IncomingEvent } from "../src/index.ts";

export const quick: EventStreamOptions = { backoff: { initialMs: 1, maxMs: 2 } };

export interface Collected {
  data: string[];
  events: IncomingEvent[];
  states: ConnectionState[];
  lastEventId: string;
  /** What iteration threw. */
  error: unknown;
}

/** Follows until the server says 204, an event named `close` comes, or iteration throws. */
export async function collect(url: string, options: EventStreamOptions = {}): Promise<Collected> {
  const states: ConnectionState[] = [];
  const stream = openEventStream(url, {
    ...quick,
    ...options,
    onStateChange(state) {
      states.push(state);
      options.onStateChange?.(state);
    },
  });
  return { ...(await drain(stream)), states };
}

export async function drain(stream: EventStream): Promise<Omit<Collected, "states">> {
  const events: IncomingEvent[] = [];
  let error: unknown;
  try {
    for await (const event of stream) {
      events.push(event);
      if (event.event === "close") break;
    }
  } catch (thrown) {
    error = thrown;
  }
  return { data: events.map(({ data }) => data), events, error, lastEventId: stream.lastEventId };
}
