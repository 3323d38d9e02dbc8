/** What a request is called in the log and in its answer. Called by the composition root before anything else. */
import { randomUUID } from "node:crypto";
import type { IncomingMessage } from "node:http";

const headerName = "x-request-id";
/** As proxies and clients make them; nothing that could break a header or a line of the log. */
const wellFormed = /^[A-Za-z0-9._:-]{1,64}$/;

/** Gives a request its ID: the one it came with if that is well formed, else a new one. From here on the header can be trusted. */
export function giveRequestId(incoming: IncomingMessage): string {
  const given = incoming.headers[headerName];
  const id = typeof given === "string" && wellFormed.test(given) ? given : randomUUID();
  incoming.headers[headerName] = id;
  return id;
}

/** Of a request that was given one. */
export function requestIdOf({ headers }: IncomingMessage): string | undefined {
  const id = headers[headerName];
  return typeof id === "string" ? id : undefined;
}
