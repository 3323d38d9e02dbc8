/**
 * Tells those of the end who begin to listen to a request or a response after its socket was taken: such a one is let go of
 * unless its owner holds it, so it is tied to the socket again. Used by socket-takeover.
 */
import type { IncomingMessage, ServerResponse } from "node:http";

export function heedLateListeners(request: IncomingMessage, response: ServerResponse): void {
  request.once("newListener", tieRequest);
  response.once("newListener", tieResponse);
}

function tieRequest(this: IncomingMessage): void {
  // As Node ends a request whose connection is gone before its answer was whole.
  this.socket.once("close", () => this.destroy(Object.assign(new Error("aborted"), { code: "ECONNRESET" })));
}

function tieResponse(this: ServerResponse): void {
  const { socket } = this.req;
  if (!socket.destroyed) this.assignSocket(socket);
}
