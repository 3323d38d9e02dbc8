/** Lets `server.closeAllConnections()` end sockets that the HTTP server no longer knows of. Used by socket-takeover. */
import type { Server } from "node:http";
import type { Socket } from "node:net";

const taken: unique symbol = Symbol("typebar.taken");

type TakenFrom = Server & { [taken]?: Set<Socket> };

/** As Node's HTTP server leaves it. */
export type ServedSocket = Socket & { server?: Server };

/** Until the socket is closed. Without its server, nothing is done. */
export function alsoCloseWithServer(socket: ServedSocket): void {
  const server: TakenFrom | undefined = socket.server;
  if (!server) return;
  (server[taken] ?? extend(server)).add(socket);
  socket.on("close", forget);
}

function extend(server: TakenFrom): Set<Socket> {
  const sockets = new Set<Socket>();
  const closeAllConnections = server.closeAllConnections;
  server[taken] = sockets;
  server.closeAllConnections = () => {
    closeAllConnections.call(server);
    for (const socket of sockets) socket.destroy();
  };
  return sockets;
}

function forget(this: ServedSocket): void {
  const server: TakenFrom | undefined = this.server;
  server?.[taken]?.delete(this);
}
