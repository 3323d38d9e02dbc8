/** Channels of the server as a page reads them: an event stream whose data is JSON. Opened by chat-client.ts. */
import type { ConnectionState, EventStream, IncomingEvent } from "@typebar/client";
import { toChatError } from "./errors.ts";
import type { ChatError } from "./errors.ts";

/** What was published; or, by the server itself, `ready`, `reset` and `presence`: see PROTOCOL.md#channels. */
export interface ChannelEvent {
  readonly event: string;
  readonly data: unknown;
  /** Where every followed channel stands after it. */
  readonly lastEventId: string;
}

/**
 * Events in order, each once, over however many connections. Leaving the loop closes it. Iteration throws a
 * {@link ChatError} if the server refused.
 */
export interface ChannelStream extends AsyncIterable<ChannelEvent, undefined>, AsyncDisposable {
  readonly connection: ConnectionState;
  /** Ends a pause between two attempts now; otherwise does nothing. */
  retryNow(): void;
  close(): void;
}

/** What is needed of an event stream. */
export interface ChannelSource
  extends AsyncIterable<IncomingEvent, undefined>, Pick<EventStream, "state" | "retryNow" | "close"> {}

export interface ChannelStreamOptions {
  stream: ChannelSource;
  onEvent(event: { event: string; data: string; lastEventId: string }): void;
  onError(error: ChatError): void;
}

export function toChannelStream({ stream, onEvent, onError }: ChannelStreamOptions): ChannelStream {
  async function* read(): AsyncGenerator<ChannelEvent, undefined> {
    try {
      for await (const { event, data, lastEventId } of stream) {
        onEvent({ event, data, lastEventId });
        yield { event, data: JSON.parse(data) as unknown, lastEventId };
      }
    } catch (error) {
      const failure = toChatError(error);
      onError(failure);
      throw failure;
    }
  }

  const events = read();
  return {
    get connection() {
      return stream.state;
    },
    retryNow: stream.retryNow,
    close: stream.close,
    [Symbol.asyncIterator]: () => events,
    async [Symbol.asyncDispose]() {
      stream.close();
    },
  };
}
