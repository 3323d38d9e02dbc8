/** Suppresses what a server repeats after a reconnect. Asked by inbox.ts for each event, and told of each chunk. */
import { createEventParser } from "@typebar/sse";

/** A passage ends with the chunk that brings it to so many bytes. */
const passageBytes = 65_536;

/** Where an event has more bytes, or a chunk fewer events, it costs less to collect the IDs than to keep the chunks. */
const keptBytesPerEvent = 256;
const keptEventsPerChunk = 16;

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
  chunkEnded(bytes: Uint8Array): void;
  /** Whether the present response has repeated, so far, only what was there before. */
  readonly repeating: boolean;
}

/** Some chunks of one response, one after the other. */
interface Passage {
  /** IDs of its events, an LF before each; of the first one only, where the chunks bring the others. */
  readonly ids: string;
  readonly chunks: readonly Uint8Array[];
  /** How many events with an ID. */
  readonly events: number;
}

/**
 * An event is a duplicate if an earlier response brought its ID, and everything before it in this response was a
 * duplicate too. Within one response IDs may repeat: some servers give one ID to several events. After something new
 * (such as a `reset`) the same IDs are meant.
 *
 * Where many small events come in a chunk, to collect their IDs would cost as much as to parse them. There the chunks
 * themselves are remembered, and parsed once more at a reconnect.
 *
 * @param limit - At least so many IDs are remembered; older ones are forgotten.
 */
export function createDuplicateFilter(limit: number): DuplicateFilter {
  let passages: Passage[] = [];
  let passagesEvents = 0;
  // Of the passage that is being read. Joining the IDs frees the texts that some engines keep alive for what was cut
  // out of them; as a text that is alone is not copied, there is always one more.
  let ids = [""];
  let chunks: Uint8Array[] = [];
  let chunkCount = 0;
  let events = 0;
  let bytes = 0;
  // How the present passage is remembered: as would have been best for the last one.
  let keepsChunks = false;
  // IDs of earlier responses, while this one repeats them. Made at a reconnect, so that the way of an event stays short.
  let earlier: Set<string | undefined> | undefined;

  function endPassage(): void {
    const isDense = events > 0 && bytes <= events * keptBytesPerEvent && events >= chunkCount * keptEventsPerChunk;
    if (keepsChunks && !isDense) {
      ids.push(...parseIds(chunks));
      chunks = [];
    }
    if (events > 0) passages.push({ ids: ids.join("\n"), chunks, events });
    passagesEvents += events;
    keepsChunks = isDense;
    ids = [""];
    chunks = [];
    chunkCount = events = bytes = 0;
    if (passagesEvents < limit * 1.25) return;
    let first = passages.length;
    for (passagesEvents = 0; passagesEvents < limit;) passagesEvents += passages[--first]?.events ?? limit;
    passages = passages.slice(first);
  }

  return {
    reconnected() {
      endPassage();
      const known = new Set(passages.flatMap((one) => one.ids.split("\n").concat(parseIds(one.chunks))));
      known.delete("");
      earlier = known.size > 0 ? known : undefined;
    },
    isDuplicate(ownId) {
      if (earlier !== undefined) {
        if (earlier.has(ownId)) return true;
        earlier = undefined;
      }
      if (ownId) {
        if (events === 0 || !keepsChunks) ids.push(ownId);
        events += 1;
      }
      return false;
    },
    chunkEnded(chunk) {
      if (keepsChunks) chunks.push(chunk);
      chunkCount += 1;
      // Whoever keeps a piece of a buffer keeps the buffer.
      bytes += chunk.buffer.byteLength;
      if (bytes >= passageBytes) endPassage();
    },
    get repeating() {
      return earlier !== undefined;
    },
  };
}

/**
 * The IDs that events in the midst of a response bring, except, perhaps, the first one's: it may have begun before.
 * What is left of it is no other event. As its line may be cut anywhere, that is made a comment.
 */
function parseIds(chunks: readonly Uint8Array[]): string[] {
  const ids: string[] = [];
  const parser = createEventParser({ onEvent: (_, ownId) => void (ownId && ids.push(ownId)) });
  for (const chunk of [new TextEncoder().encode(":"), ...chunks]) parser.push(chunk);
  return ids;
}
