/** The event stream with callbacks: no promise for each event, so several times as fast as iterating where events come in bulk. */
import type { IncomingEvent } from "@typebar/sse";
import { drain } from "./drain.ts";
import type { EventStreamHandle } from "./event-stream.ts";
import { toSettings } from "./options.ts";
import type { EventStreamOptions } from "./options.ts";
import { createDefaultPolicy } from "./policy.ts";
import { createStreamCore } from "./stream-core.ts";

export interface ReadEventStreamOptions extends EventStreamOptions {
  /**
   * Called for each event, in order, each once. Where it returns a promise, the next event, and the next read, wait
   * for it. `stream.close()` ends the reading without an error; what it throws, or rejects with, ends it with that.
   */
  onEvent: (event: IncomingEvent, stream: EventStreamHandle) => void | Promise<void>;
}

/**
 * Reads an event stream to its end, over any number of connections, as {@link openEventStream} does.
 *
 * Resolves after `stream.close()` or a 204. Rejects with an {@link EventStreamError} with a final code, the reason of
 * an aborted `signal`, or what a callback threw; with "invalid-request" or a TypeError if the options are of no use.
 */
export async function readEventStream(url: string | URL, options: ReadEventStreamOptions): Promise<void> {
  const { onEvent } = options;
  const settings = toSettings(url, options);
  const core = createStreamCore(settings, createDefaultPolicy(settings.maxAttempts));
  try {
    await drain(core, (event) => onEvent(event, core));
  } finally {
    core.close();
  }
}
