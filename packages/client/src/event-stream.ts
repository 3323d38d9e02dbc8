/** The event stream that a consumer iterates. Each call of `next` takes what stream-core.ts has, or waits for it. */
import type { IncomingEvent } from "@typebar/sse";
import type { ConnectionState } from "./connection-state.ts";
import { toSettings } from "./options.ts";
import type { EventStreamOptions } from "./options.ts";
import { createDefaultPolicy } from "./policy.ts";
import { createStreamCore } from "./stream-core.ts";

type Answer = IteratorResult<IncomingEvent, undefined>;

/** An event stream as its observers see it. */
export interface EventStreamHandle {
  readonly state: ConnectionState;
  /** ID of the last event that was handed out, or the one that the stream was opened with. Empty if there is none. */
  readonly lastEventId: string;
  /** Ends a pause between two attempts now; otherwise does nothing. */
  retryNow(): void;
  /** Lets go of the connection at once. Events not yet taken are dropped; the stream ends without an error. */
  close(): void;
}

/** Events, in order, each once. Whoever opened it closes it: by leaving its `for await`, by `close()` or `await using`. */
export interface EventStream
  extends EventStreamHandle, AsyncIterableIterator<IncomingEvent, undefined>, AsyncDisposable {}

/**
 * Opens an event stream; the request goes out at once.
 *
 * Iteration goes on over any number of connections. It ends after `close()` or a 204, and throws once if the stream
 * cannot go on: an {@link EventStreamError} with a final code, the reason of an aborted `signal`, or what `onOpen` threw.
 *
 * @throws {EventStreamError} "invalid-request": the body is a stream, or the URL cannot be used.
 * @throws {TypeError} If a limit is not a positive number.
 */
export function openEventStream(url: string | URL, options: EventStreamOptions = {}): EventStream {
  const settings = toSettings(url, options);
  const core = createStreamCore(settings, createDefaultPolicy(settings.maxAttempts));
  // Calls of `next` that are not answered yet, and the last one's answer.
  let pulls = 0;
  let latest: Promise<Answer> | undefined;

  async function pull(): Promise<Answer> {
    try {
      for (;;) {
        const value = core.take();
        if (value !== undefined) return { done: false, value };
        if (core.state.name === "closed") return end();
        await core.advance();
      }
    } finally {
      pulls -= 1;
    }
  }

  function end(): Answer {
    core.conclude();
    return { done: true, value: undefined };
  }

  return Object.assign(core, {
    next() {
      // Most calls find an event waiting; for them an asynchronous function would cost more than all the rest.
      const value = pulls === 0 ? core.take() : undefined;
      if (value !== undefined) return Promise.resolve<Answer>({ done: false, value });
      pulls += 1;
      // Answers come in the order of the calls, also where somebody does not wait for one before the next.
      latest = pulls > 1 && latest ? latest.then(pull, pull) : pull();
      return latest;
    },
    async return() {
      core.close();
      return end();
    },
    [Symbol.asyncIterator]() {
      return this;
    },
    async [Symbol.asyncDispose]() {
      core.close();
    },
  });
}
