/** What is sent to one client and not yet written, as the feed of its connection. Made by direct-connections. */
import { createFlush } from "./flush.ts";
import { createPacket, emptyPacket } from "./packet.ts";
import type { Feed } from "./pull.ts";

/**
 * - `sent`: handed to a socket that takes bytes; whether they arrive, nobody knows.
 * - `gone`: the connection is over, or was to be ended before; nothing of the event was written.
 */
export type SendResult = "sent" | "gone";

/** A place in it is the number of events taken out so far. */
export interface SendQueue extends Feed<number> {
  readonly waitingBytes: number;
  /** Settles when the block is handed on, or with {@link SendQueue.close}. */
  add(block: Uint8Array): Promise<SendResult>;
  /** After what waits now, nothing comes. */
  end(): void;
  /** Whoever waits is told that the client is gone. */
  close(): void;
}

interface Waiting {
  block: Uint8Array;
  settle: (result: SendResult) => void;
}

export function createSendQueue(): SendQueue {
  let waiting: Waiting[] = [];
  let waitingBytes = 0;
  let takenCount = 0;
  /** `ending`: what waits is still written. `closed`: it is not. */
  let state: "open" | "ending" | "closed" = "open";
  let listener: (() => void) | undefined;
  // Once per turn, so that all that is sent in one leaves in one write.
  const flush = createFlush(() => listener?.(), 0);

  function take(maxBytes: number): Uint8Array[] {
    const blocks: Uint8Array[] = [];
    let bytes = 0;
    for (const { block, settle } of waiting) {
      if (bytes >= maxBytes) break;
      blocks.push(block);
      bytes += block.length;
      // Whoever hears of it runs after the write, which follows at once.
      settle("sent");
    }
    waiting = waiting.slice(blocks.length);
    waitingBytes -= bytes;
    takenCount += blocks.length;
    return blocks;
  }

  return {
    get waitingBytes() {
      return waitingBytes;
    },
    add(block) {
      if (state !== "open") return Promise.resolve("gone");
      const { promise, resolve } = Promise.withResolvers<SendResult>();
      waiting.push({ block, settle: resolve });
      waitingBytes += block.length;
      flush.schedule();
      return promise;
    },
    end() {
      if (state !== "open") return;
      state = "ending";
      flush.schedule();
    },
    close() {
      state = "closed";
      flush.cancel();
      const left = waiting;
      waiting = [];
      waitingBytes = 0;
      for (const { settle } of left) settle("gone");
    },
    pull(_after, maxBytes) {
      const blocks = take(maxBytes);
      const packet = blocks.length === 0 ? emptyPacket : createPacket(blocks, blocks.length);
      return { type: "packet", packet, position: takenCount, end: state === "ending" && waiting.length === 0 };
    },
    watch(newListener) {
      listener = newListener;
      return () => (listener = undefined);
    },
  };
}
