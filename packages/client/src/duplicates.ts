/** Suppresses what a server repeats after a reconnect. Asked by event-stream.ts for each event before it is queued. */

/** IDs are packed when there are so many of them, or when the chunks they came in have so many bytes. */
const packIds = 128;
const packBytes = 65_536;

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
  // IDs in the order they came, many in one text: it costs a tenth of what they cost one by one to the garbage
  // collector, which would find each of them alive.
  let packs: { readonly ids: string; readonly count: number }[] = [];
  let packedCount = 0;
  // IDs of the last chunks. In some engines an ID as the parser cuts it out keeps alive the text that it was cut out of.
  // Joining copies, but not a text that is alone: so there is always one more.
  let fresh = [""];
  let freshBytes = 0;
  // IDs of earlier responses, while this one repeats them. Made at a reconnect, so that the way of an event stays short.
  let earlier: Set<string | undefined> | undefined;

  function pack(): void {
    const count = fresh.length - 1;
    freshBytes = 0;
    if (count === 0) return;
    packs.push({ ids: fresh.join("\n"), count });
    packedCount += count;
    fresh = [""];
    if (packedCount < limit * 1.25) return;
    let first = packs.length;
    for (packedCount = 0; packedCount < limit;) packedCount += packs[--first]?.count ?? limit;
    packs = packs.slice(first);
  }

  return {
    reconnected() {
      pack();
      const ids = packs.flatMap((one) => one.ids.split("\n").slice(1));
      earlier = ids.length > 0 ? new Set(ids) : undefined;
    },
    isDuplicate(ownId) {
      if (earlier !== undefined) {
        if (earlier.has(ownId)) return true;
        earlier = undefined;
      }
      if (ownId) fresh.push(ownId);
      return false;
    },
    chunkEnded(bytes) {
      freshBytes += bytes;
      if (fresh.length > packIds || freshBytes > packBytes) pack();
    },
    get repeating() {
      return earlier !== undefined;
    },
  };
}
