/** Where a client begins in each channel, and how it is told so. Used by followers. */
import type { Position } from "@typebar/log";
import type { OutgoingEvent } from "@typebar/sse";
import { unknownPosition } from "./channel-feed.ts";
import { toLogId } from "./channel-name.ts";
import { formatEventId, parseEventId } from "./event-id.ts";
import type { History } from "./history.ts";

export interface Wanted {
  /** Without one it begins with now. */
  lastEventId: string | undefined;
  /** So many events before now, where there is no ID. */
  historyCount: number;
}

/**
 * One position for each channel, in their order.
 *
 * @param beginning - Of a channel that nothing was published to.
 */
export async function findPlaces(
  { history, beginning }: { history: History; beginning: Position },
  channels: readonly string[],
  { lastEventId, historyCount }: Wanted,
): Promise<readonly Position[]> {
  const known = lastEventId === undefined ? undefined : parseEventId(lastEventId);
  return Promise.all(
    channels.map(async (channel) => {
      const head = await history.use(toLogId(channel));
      if (lastEventId !== undefined && !known) return unknownPosition;
      const position = known?.get(channel);
      if (position) return position;
      if (!head) return beginning;
      // One that is newly asked for begins with now.
      const count = known ? 0 : historyCount;
      return { epoch: head.epoch, seq: Math.max(head.trimmedSeq, head.seq - count) };
    }),
  );
}

/** The first event of every response: from its ID on, nothing is missed, however little came after it. */
export function toReady(
  channels: readonly string[],
  places: readonly Position[],
  lastEventId: string | undefined,
): OutgoingEvent {
  const data = JSON.stringify({ channels, resumed: lastEventId !== undefined });
  // Nobody can go on after an ID that is not known; the `reset` that follows has one.
  if (places.includes(unknownPosition)) return { event: "ready", data };
  return { event: "ready", data, id: formatEventId(channels, places) };
}
