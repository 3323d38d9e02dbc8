/** Ends a response so that the client cannot mistake it for a whole one. Called by connection. */
import type { IncomingMessage } from "node:http";
import type { Socket } from "node:net";

/** How long bytes already written may take to leave before the socket is destroyed, in milliseconds. */
const lingerMs = 1000;

/**
 * Leaves out the last chunk; HTTP/1.0 has no chunks, and only a reset tells its client.
 *
 * @param reader - `behind`: what it has not taken yet is not waited for.
 */
export function cutOff({ socket, httpVersion }: IncomingMessage, reader: { behind: boolean }): void {
  if (httpVersion === "1.0") reset(socket);
  else if (reader.behind) socket.destroy();
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
