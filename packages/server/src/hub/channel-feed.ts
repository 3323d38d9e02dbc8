/**
 * One channel or several as one feed: every block's ID says where its reader stands in each. Made by hub, one for all connections
 * that follow the same channels.
 */
import { type LogRecord, type Position, type RecordLog, start } from "@typebar/log";
import { createPacket, emptyPacket } from "../packet.ts";
import { type Feed, type PacketPull, positionOf } from "../pull.ts";
import type { Tail } from "../tail.ts";
import { formatLines, toEventLines } from "./channel-event.ts";
import { formatEventId } from "./event-id.ts";
import { createFlush } from "../flush.ts";

/** A record's block without its ID. */
export interface EventLines {
  lines: string;
}

export type ResetReason =
  /** What followed the ID is no longer kept. */
  | "expired"
  /** The ID is of a history that is no longer the channel's. */
  | "diverged"
  /** The ID is none of this hub. */
  | "unknown";

export interface FollowedChannel {
  name: string;
  logId: string;
  tail: Tail<EventLines>;
}

export interface ChannelFeedOptions {
  log: RecordLog;
  channels: readonly FollowedChannel[];
  /** How long events are gathered before they are told of, in milliseconds; 0: until the end of the turn. */
  flushMs: number;
  onReset: (reason: ResetReason) => void;
}

/** No record has it, so that its reader is told. */
export const unknownPosition: Position = Object.freeze({ epoch: 0, seq: Number.MAX_SAFE_INTEGER });

/** How many records are read at once for a reader that is behind. */
const pageCount = 1024;

type Positions = readonly Position[];

interface Answer {
  after: Positions;
  version: number;
  maxBytes: number;
  pull: PacketPull<Positions>;
}

/** What comes next of one channel: lines, and the position after them. */
interface Next extends EventLines {
  position: Position;
  /** The lines are a `reset`. */
  reset?: ResetReason;
}

/** Before the first record of any log that is not there yet. */
export function toBeginning({ openedAtMs = start.epoch }: RecordLog): Position {
  return { epoch: openedAtMs, seq: 0 };
}

export function encodeLines({ payload }: LogRecord): EventLines {
  // What is not of this kind was not published by a hub; it is passed over.
  return { lines: toEventLines(payload) ?? "" };
}

export function createChannelFeed({ log, channels, flushMs, onReset }: ChannelFeedOptions): Feed<Positions> {
  const beginning = toBeginning(log);
  const names = channels.map(({ name }) => name);
  const listeners = new Set<() => void>();
  /** Counts what the tails told of: an answer made before may not be the whole one any more. */
  let version = 0;
  /** The last answer with something in it: most readers stand at one place, by the very same object, and ask for the same. */
  let latest: Answer | undefined;
  /** The last answer with nothing in it; apart, because each reader that got the other asks for this next. */
  let latestEnd: Answer | undefined;
  let unwatch: (() => void) | undefined;
  const flush = createFlush(() => {
    for (const listener of listeners) listener();
  }, flushMs);

  function onTail(): void {
    version += 1;
    flush.schedule();
  }

  function compose(nexts: ReadonlyArray<readonly Next[]>, after: Positions, maxBytes: number): PacketPull<Positions> {
    const positions = [...after];
    // Each channel has its share, so that none waits behind a busy one. Where large events fill the write, others come first next time.
    const shareChars = maxBytes / channels.length;
    const first = after.reduce((sum, { seq }) => sum + seq, 0) % channels.length;
    let text = "";
    let eventCount = 0;
    let moved = false;
    for (let step = 0; step < channels.length && text.length < maxBytes; step++) {
      const index = (first + step) % channels.length;
      const fullLength = text.length + shareChars;
      for (const { lines, position, reset } of nexts[index] ?? []) {
        positions[index] = position;
        moved = true;
        if (reset) onReset(reset);
        if (lines === "") continue;
        text += `${lines}id: ${formatEventId(names, positions)}\n\n`;
        eventCount += 1;
        if (text.length >= fullLength) break;
      }
    }
    const packet = eventCount === 0 ? emptyPacket : createPacket([Buffer.from(text)], eventCount);
    return { type: "packet", packet, position: moved ? settle(positions) : after, end: false };
  }

  /** The object that others who stand there have: they get the same answers. */
  function settle(positions: Positions): Positions {
    const known = latest?.pull.position;
    return known && samePositions(known, positions) ? known : positions;
  }

  /** A log takes anybody who stands before its first record, also one who was at the beginning of another. */
  async function isOfOther(logId: string, { epoch, seq }: Position): Promise<boolean> {
    return seq === 0 && epoch !== beginning.epoch && (await log.head(logId))?.epoch !== epoch;
  }

  async function readChannel(channel: FollowedChannel, after: Position, maxChars: number): Promise<readonly Next[]> {
    const { name, logId, tail } = channel;
    const page = (await isOfOther(logId, after))
      ? ({ type: "diverged" } as const)
      : await log.read(logId, after, { count: pageCount, chars: maxChars });
    if (page.type === "records") {
      // The first reader that stands at the end starts the tail; nobody has to read that part again.
      if (page.records.length === 0) tail.startAt(after);
      return page.records.map((record) => ({ ...encodeLines(record), position: positionOf(record) }));
    }
    const reason: ResetReason = after === unknownPosition ? "unknown" : page.type;
    const head = await log.head(logId);
    const position = head ? { epoch: head.epoch, seq: head.trimmedSeq } : beginning;
    return [{ lines: formatLines("reset", JSON.stringify({ channel: name, reason })), position, reset: reason }];
  }

  async function pullFromLogs(after: Positions, maxBytes: number): Promise<PacketPull<Positions>> {
    const nexts = await Promise.all(
      channels.map(async (channel, index) => {
        const position = after[index] ?? beginning;
        return fromTail(channel, position) ?? readChannel(channel, position, maxBytes / channels.length);
      }),
    );
    return compose(nexts, after, maxBytes);
  }

  return {
    pull(after, maxBytes) {
      if (latestEnd?.version === version && latestEnd.after === after) return latestEnd.pull;
      // Who is new stands where the others do, by another object, and gets theirs.
      if (latest?.version === version && latest.maxBytes === maxBytes && samePositions(latest.after, after))
        return latest.pull;
      const nexts: Array<readonly Next[]> = [];
      for (const [index, channel] of channels.entries()) {
        const next = fromTail(channel, after[index] ?? beginning);
        if (!next) return pullFromLogs(after, maxBytes);
        nexts.push(next);
      }
      const pull = compose(nexts, after, maxBytes);
      const answer = { after, version, maxBytes, pull };
      if (pull.position === after) latestEnd = answer;
      else latest = answer;
      return pull;
    },

    watch(listener) {
      if (listeners.size === 0) {
        version += 1;
        const unwatchAll = channels.map(({ tail }) => tail.watch(onTail));
        unwatch = () => unwatchAll.forEach((unwatchOne) => unwatchOne());
      }
      listeners.add(listener);
      return () => {
        if (!listeners.delete(listener) || listeners.size > 0) return;
        unwatch?.();
        flush.cancel();
        latest = undefined;
        latestEnd = undefined;
      };
    },
  };
}

function fromTail({ tail }: FollowedChannel, after: Position): readonly Next[] | undefined {
  return tail.entriesAfter(after)?.map(({ lines, record }) => ({ lines, position: positionOf(record) }));
}

function samePositions(a: Positions, b: Positions): boolean {
  if (a === b) return true;
  return a.every(({ epoch, seq }, index) => b[index]?.epoch === epoch && b[index].seq === seq);
}
