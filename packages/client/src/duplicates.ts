/** Suppresses what a server repeats after a reconnect. Asked by event-stream.ts for each event before it is queued. */

const blockSize = 64;

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
 * @param limit - At least as many IDs are remembered; older ones are forgotten.
 */
export function createDuplicateFilter(limit: number): DuplicateFilter {
  // IDs in the order they came: whole blocks of them, each joined to one text, and the block that is being filled.
  // Joining copies: an ID as the parser cuts it out keeps the whole chunk around it alive in some engines.
  let blocks: string[] = [];
  let block: string[] = [];
  // IDs of earlier responses, while this one repeats them. Made at a reconnect, so that the way of an event stays short.
  let earlier: Set<string | undefined> | undefined;

  return {
    reconnected() {
      const ids = blocks.concat(block).join("\n");
      earlier = ids ? new Set(ids.split("\n")) : undefined;
    },
    isDuplicate(ownId) {
      if (earlier?.has(ownId || undefined)) return true;
      earlier = undefined;
      if (ownId && block.push(ownId) === blockSize) {
        blocks = blocks.concat(block.join("\n")).slice(-Math.ceil(limit / blockSize));
        block = [];
      }
      return false;
    },
    get repeating() {
      return earlier !== undefined;
    },
  };
}
