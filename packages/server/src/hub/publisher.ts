/** Stores the events of channels; who follows is told by the log. Used by hub, also for what presence has to say. */
import type { RecordLog, Roster } from "@typebar/log";
import type { StreamObserver } from "../observer.ts";
import { type ChannelEvent, toOwnPayload, toPayload } from "./channel-event.ts";
import { checkChannelName, toLogId } from "./channel-name.ts";
import { HubError, toHubError } from "./errors.ts";
import { formatEventId } from "./event-id.ts";
import type { History } from "./history.ts";
import type { HubLimits } from "./hub-options.ts";
import type { PresenceEvent } from "./presence-state.ts";
import type { Rights } from "./rights.ts";

export interface PublisherOptions {
  log: RecordLog;
  roster: Pick<Roster, "tell">;
  history: History;
  limits: Pick<HubLimits, "eventBytes" | "eventsPerPublish">;
  rights: Rights;
  observer: StreamObserver;
}

export interface Publisher {
  /**
   * Stores all or none. `as`: in whose name; nobody is asked only where there is no such key.
   *
   * @returns the last one's event ID.
   * @throws {HubError} as `Hub.publish`.
   */
  publish(
    channel: string,
    events: ChannelEvent | readonly ChannelEvent[],
    inName?: { as?: string | undefined },
  ): Promise<{ id: string }>;
  /**
   * Unless somebody else has told something since `told`.
   *
   * @throws {LogError} "unavailable".
   */
  publishPresence(channel: string, event: PresenceEvent, change: { told: string; next: string }): Promise<boolean>;
}

export function createPublisher({ log, roster, history, limits, rights, observer }: PublisherOptions): Publisher {
  async function append(channel: string, payloads: readonly string[]): Promise<{ id: string }> {
    const startedMs = performance.now();
    const logId = toLogId(channel);
    const { position } = await log.append(logId, "any", payloads).catch(toHubError);
    count(logId, payloads, startedMs);
    return { id: formatEventId([channel], [position]) };
  }

  function count(logId: string, payloads: readonly string[], startedMs: number): void {
    const bytes = payloads.reduce((sum, payload) => sum + Buffer.byteLength(payload), 0);
    history.appended(logId, { count: payloads.length, bytes });
    observer.published?.(payloads.length, performance.now() - startedMs);
  }

  return {
    async publish(channel, events, inName = {}) {
      checkChannelName(channel);
      const list = Array.isArray(events) ? (events as readonly ChannelEvent[]) : [events as ChannelEvent];
      if (list.length === 0) throw new HubError("bad-event", "There is no event");
      if (list.length > limits.eventsPerPublish) {
        throw new HubError("event-too-large", `${limits.eventsPerPublish} events can be published at once`);
      }
      const payloads = list.map((event) => toPayload(event, limits.eventBytes));
      // A name that is missing by mistake must not be taken for the server's own.
      if ("as" in inName) await rights.check("publish", [channel], inName.as);
      return append(channel, payloads);
    },
    async publishPresence(channel, event, change) {
      const startedMs = performance.now();
      const logId = toLogId(channel);
      const payload = toOwnPayload("presence", event);
      const isTold = await roster.tell(logId, payload, change);
      if (isTold) count(logId, [payload], startedMs);
      return isTold;
    },
  };
}
