/** What the checks of this folder look at, taken from Node's request. Made by the composition root for each request. */
import type { IncomingHttpHeaders, IncomingMessage } from "node:http";
import { isIP } from "node:net";
import { isLoopbackHost } from "../config/loopback.ts";

export interface RequestFacts {
  method: string;
  /** Without the query. */
  path: string;
  /** The server that the request line names, where it names a whole URL. */
  authority?: string;
  headers: IncomingHttpHeaders;
  /** Whom failed passwords are counted against. */
  address: string;
}

export function toRequestFacts(incoming: IncomingMessage): RequestFacts {
  const { authority, target } = splitTarget(incoming.url ?? "/");
  const queryAt = target.indexOf("?");
  return {
    method: incoming.method ?? "GET",
    path: queryAt === -1 ? target : target.slice(0, queryAt),
    ...(authority !== undefined && { authority }),
    headers: incoming.headers,
    address: clientAddress(incoming.socket.remoteAddress ?? "", incoming.headers),
  };
}

/**
 * Gives a request that names a whole URL the form that all others have; every route reads that one only.
 *
 * @see RFC 9112, section 3.2.2
 */
export function toOriginForm(incoming: IncomingMessage): void {
  const { authority, target } = splitTarget(incoming.url ?? "/");
  if (authority === undefined) return;
  incoming.url = target;
  incoming.headers.host = authority;
}

function splitTarget(target: string): { authority?: string; target: string } {
  const [, authority, rest = ""] = /^https?:\/\/([^/?#]*)(.*)$/is.exec(target) ?? [];
  if (authority === undefined) return { target };
  return { authority, target: rest.startsWith("/") ? rest : `/${rest}` };
}

/**
 * The peer's address. A peer on this machine is taken for a proxy: the last address it notes is the one that it saw
 * itself, while those before it came with the request and may be made up. What is no address was noted by no proxy.
 */
function clientAddress(peer: string, headers: IncomingHttpHeaders): string {
  const forwarded = headers["x-forwarded-for"];
  if (forwarded === undefined || !isLoopbackHost(peer)) return peer;
  const list = Array.isArray(forwarded) ? forwarded.join(",") : forwarded;
  const last = list.split(",").at(-1)?.trim() ?? "";
  return isIP(last) === 0 ? peer : last;
}
