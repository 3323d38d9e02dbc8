/**
 * What a hub that is being closed answers to those who ask for an event stream: one that is cut off as soon as it is open. A refusal
 * would end a native `EventSource` for good; so it comes back, to the next server. Used by hub.
 */
import type { ConnectionSet } from "../connection-set.ts";
import { emptyPacket } from "../packet.ts";
import type { Feed } from "../pull.ts";
import type { Exchange } from "../sink.ts";
import type { StreamHeaders } from "../stream-headers.ts";
import { HubError } from "./errors.ts";

/** @param accept - The request's header. Whoever asks for whatever there is is told in words why there is nothing. */
export function isToComeBack(error: unknown, accept: string | undefined): boolean {
  return error instanceof HubError && error.code === "draining" && /\btext\/event-stream\b/i.test(accept ?? "");
}

/** @param connections - Closed already: what opens there is cut off at once. */
export async function sendAway(
  connections: ConnectionSet,
  exchange: Exchange,
  headers: StreamHeaders | undefined,
): Promise<void> {
  if (exchange.isGone) return;
  const given = headers && { headers };
  await connections.open({ exchange, feed: nothing, after: 0, rotate: false, resumed: false, ...given });
}

const nothing: Feed<number> = {
  pull: (after) => ({ type: "packet", packet: emptyPacket, position: after, end: false }),
  watch: () => () => undefined,
};
