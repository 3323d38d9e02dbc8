/** Ends a response so that the client cannot mistake it for a whole one. Called by connection. */
import type { Socket } from "node:net";

/** How long bytes already written may take to leave before the socket is destroyed, in milliseconds. */
const lingerMs = 1000;

/**
 * Leaves out the last chunk. Where the answer has no chunks (whatever HTTP version the client named but 1.1), only a reset
 * tells it.
 *
 * @param answer - `framed`: it is sent in chunks. `behind`: what its reader has not taken yet is not waited for.
 */
export function cutOff(socket: Socket, answer: { framed: boolean; behind: boolean }): void {
  if (!answer.framed) reset(socket);
  else if (answer.behind) socket.destroy();
  else closeSoon(socket);
}

/** Lets what was written leave, but not for long. */
export function closeSoon(socket: Socket): void {
  if (socket.destroyed) return;
  socket.destroySoon();
  const linger = setTimeout(() => reset(socket), lingerMs);
  socket.once("close", () => clearTimeout(linger));
}

/** Ends a socket at once and with a reset: without one, what the system still holds would be sent, then a clean end. */
export function reset(socket: Socket): void {
  try {
    socket.resetAndDestroy();
  } catch {
    // Only TCP has a reset: not a Unix socket, not TLS.
    socket.destroy();
  }
}
