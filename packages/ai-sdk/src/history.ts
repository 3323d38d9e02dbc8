/**
 * What was handed out of an answer, so that nothing is shown twice when the server begins it again (`event: reset`).
 * Asked by answer.ts for each chunk.
 *
 * The AI SDK has no chunk, valid in all its versions, that takes shown text back: a second `text-start` would add a
 * second part. So the repeated beginning is compared with what was handed out, and only what follows it is handed on.
 */
import type { UIMessageChunk } from "ai";
import { TypebarTransportError } from "./errors.ts";

export interface History {
  /** The server begins the answer again. */
  rewind(): void;
  /**
   * What is new in a chunk; `undefined` if all of it was handed out before.
   *
   * @throws {TypebarTransportError} "diverged": it is neither what was handed out before, nor comes after it.
   */
  accept(chunk: UIMessageChunk): UIMessageChunk | undefined;
}

type Delta = Extract<UIMessageChunk, { delta: string }>;

export function createHistory(): History {
  // In order; neighbouring deltas of one part are joined, however the server cut them.
  const handedOut: UIMessageChunk[] = [];
  // The chunk to compare next, and how many of its characters were repeated already; past the end: nothing is repeated.
  let next = 0;
  let offset = 0;

  function remember(chunk: UIMessageChunk): UIMessageChunk {
    const last = handedOut.at(-1);
    if (last && isDelta(last) && isDelta(chunk) && isSamePart(last, chunk)) {
      handedOut[handedOut.length - 1] = { ...last, delta: last.delta + chunk.delta };
    } else {
      handedOut.push(chunk);
    }
    next = handedOut.length;
    offset = 0;
    return chunk;
  }

  function acceptDelta(chunk: Delta, known: UIMessageChunk): UIMessageChunk | undefined {
    // The part may have grown: a delta can begin within what was handed out, and end after it.
    if (!isDelta(known) || !isSamePart(known, chunk)) throw diverged();
    const rest = known.delta.slice(offset);
    if (rest.startsWith(chunk.delta)) {
      offset += chunk.delta.length;
      if (offset === known.delta.length) advance();
      return undefined;
    }
    if (next !== handedOut.length - 1 || !chunk.delta.startsWith(rest)) throw diverged();
    return remember({ ...chunk, delta: chunk.delta.slice(rest.length) });
  }

  function advance(): void {
    next += 1;
    offset = 0;
  }

  return {
    rewind() {
      next = 0;
      offset = 0;
    },
    accept(chunk) {
      const known = handedOut[next];
      if (known === undefined) return remember(chunk);
      if (isDelta(chunk)) return acceptDelta(chunk, known);
      if (offset > 0 || !isSame(known, chunk)) throw diverged();
      advance();
      return undefined;
    },
  };
}

function isDelta(chunk: UIMessageChunk): chunk is Delta {
  return chunk.type === "text-delta" || chunk.type === "reasoning-delta";
}

function isSamePart(one: Delta, other: Delta): boolean {
  return one.type === other.type && one.id === other.id;
}

/** Metadata may be told anew in other words; it shows no text. */
function isSame(one: UIMessageChunk, other: UIMessageChunk): boolean {
  if (one.type === "message-metadata") return other.type === one.type;
  if (one.type === "start") return other.type === one.type && other.messageId === one.messageId;
  return JSON.stringify(one) === JSON.stringify(other);
}

function diverged(): TypebarTransportError {
  return new TypebarTransportError("diverged", "The server's answer is no longer the one that was shown");
}
