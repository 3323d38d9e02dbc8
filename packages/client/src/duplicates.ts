/** Suppresses what a server repeats after a reconnect. Asked by event-stream.ts for each event before it is queued. */

export interface DuplicateFilter {
  /** A new response begins. */
  reconnected(): void;
  /**
   * Whether the consumer has had this event already; if not, it is remembered.
   *
   * @param ownId - The ID that the event's own block stated.
   */
  isDuplicate(ownId: string | undefined): boolean;
  /** Whether the present response has repeated, so far, only what was there before. */
  readonly repeating: boolean;
}

/**
 * An event is a duplicate if an earlier response brought its ID, and everything before it in this response was a
 * duplicate too. Within one response IDs may repeat: some servers give one ID to several events. After something new
 * (such as a `reset`) the same IDs are meant.
 *
 * @param limit - How many IDs are remembered; older ones are forgotten.
 */
export function createDuplicateFilter(limit: number): DuplicateFilter {
  // IDs in the order they came. A Set is only built at a reconnect, so that the way of an event stays a push.
  let ids: string[] = [];
  // IDs of earlier responses, while this one repeats them.
  let earlier: Set<string> | undefined;

  return {
    reconnected() {
      ids = ids.slice(-limit);
      earlier = ids.length > 0 ? new Set(ids) : undefined;
    },
    isDuplicate(ownId) {
      if (earlier !== undefined) {
        if (ownId !== undefined && earlier.has(ownId)) return true;
        earlier = undefined;
      }
      if (ownId !== undefined && ownId !== "") {
        ids.push(ownId);
        if (ids.length >= 2 * limit) ids = ids.slice(-limit);
      }
      return false;
    },
    get repeating() {
      return earlier !== undefined;
    },
  };
}
