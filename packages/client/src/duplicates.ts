/** Suppresses what a server repeats after a reconnect. Asked by event-stream.ts for each event before it is queued. */

/** Beyond so many bytes for each of its IDs, a chunk is not kept for their sake. */
const keptBytesPerId = 256;

export interface DuplicateFilter {
  /** A new response begins. */
  reconnected(): void;
  /**
   * Whether the consumer has had this event already; if not, it is remembered.
   *
   * @param ownId - The ID that the event's own block stated.
   */
  isDuplicate(ownId: string | undefined): boolean;
  /** All events of a chunk were asked about. */
  chunkEnded(bytes: number): void;
  /** Whether the present response has repeated, so far, only what was there before. */
  readonly repeating: boolean;
}

/**
 * An event is a duplicate if an earlier response brought its ID, and everything before it in this response was a
 * duplicate too. Within one response IDs may repeat: some servers give one ID to several events. After something new
 * (such as a `reset`) the same IDs are meant.
 *
 * @param limit - At least as many IDs are remembered; older ones are forgotten.
 */
export function createDuplicateFilter(limit: number): DuplicateFilter {
  // IDs in the order they came. In some engines an ID as the parser cuts it out keeps alive the text that it was cut
  // out of: its chunk, with what was left of the one before.
  let ids: string[] = [];
  // So many of them are of earlier chunks.
  let settled = 0;
  // What those that came since could keep alive.
  let bytesAlive = 0;
  // IDs of earlier responses, while this one repeats them. Made at a reconnect, so that the way of an event stays short.
  let earlier: Set<string | undefined> | undefined;

  return {
    reconnected() {
      earlier = ids.length > 0 ? new Set(ids) : undefined;
    },
    isDuplicate(ownId) {
      if (earlier?.has(ownId)) return true;
      earlier = undefined;
      if (ownId) ids.push(ownId);
      return false;
    },
    chunkEnded(bytes) {
      bytesAlive += bytes;
      const fresh = ids.length - settled;
      if (fresh === 0) return;
      // Joining copies, but not a text that is alone.
      if (bytesAlive > fresh * keptBytesPerId)
        ids.push(...["", ...ids.splice(settled)].join("\n").split("\n").slice(1));
      if (ids.length > 2 * limit) ids = ids.slice(-limit);
      settled = ids.length;
      bytesAlive = bytes;
    },
    get repeating() {
      return earlier !== undefined;
    },
  };
}
