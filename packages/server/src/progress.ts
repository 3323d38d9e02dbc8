/** Whether a socket takes what it is given. Used by connection, until its response has left whole. */
import type { Socket } from "node:net";

/** How often it is looked during the time-out. The end comes this part of it late at most. */
const looks = 8;

/**
 * Calls back once, when the socket has had something to take and has taken no byte for `timeoutMs`.
 *
 * Node's own time-out would not do: it takes the first part of a write that leaves for progress whenever it looks, and every
 * write of ours as well, so that a reader that stopped has up to twice as long.
 *
 * @returns a function that ends the watch.
 */
export function watchProgress(socket: Socket, timeoutMs: number, onStalled: () => void): () => void {
  let lastLeft = "";
  let looksWithoutProgress = 0;
  const timer = setInterval(() => {
    const left = describeLeft(socket);
    // Looks are counted, not time: a process that was halted meanwhile has given its readers no time at all.
    looksWithoutProgress = socket.writableLength > 0 && left === lastLeft ? looksWithoutProgress + 1 : 0;
    lastLeft = left;
    if (looksWithoutProgress < looks) return;
    clearInterval(timer);
    onStalled();
  }, timeoutMs / looks);
  return () => clearInterval(timer);
}

/**
 * Another text whenever bytes have left, whatever was written meanwhile: the bytes of whole writes that left, and of the present
 * write what the system has not taken. The latter only Node's handle knows; without it a write counts once it has left whole.
 */
function describeLeft(socket: Socket & { _handle?: { writeQueueSize?: number } | null }): string {
  return `${socket.bytesWritten - socket.writableLength} ${socket._handle?.writeQueueSize ?? ""}`;
}
