/** Hands out what stream-core.ts has, event after event. Called by read-event-stream.ts, fetch-event-source.ts and event-source.ts. */
import type { Consumer } from "./inbox.ts";
import type { StreamCore } from "./stream-core.ts";

/**
 * To the end of the stream, waiting where `onEvent` returns a promise.
 *
 * @throws why the stream ended, if for an error; what `onEvent` threw: then the stream is not closed by that.
 */
export async function drain(core: StreamCore, onEvent: Consumer): Promise<void> {
  for (;;) {
    for (let event = core.take(); event !== undefined; event = core.take()) {
      const work = onEvent(event);
      if (work instanceof Object) await work;
    }
    if (core.state.name === "closed") return core.conclude();
    await core.advance(onEvent);
  }
}
