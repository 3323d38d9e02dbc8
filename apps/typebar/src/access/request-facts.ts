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

/** @param isProxy - Whether a peer on another machine is believed; nobody is unless it says so. */
export function toRequestFacts(
  incoming: IncomingMessage,
  isProxy: (address: string) => boolean = () => false,
): RequestFacts {
  const { authority, target } = splitTarget(incoming.url ?? "/");
  const queryAt = target.indexOf("?");
  return {
    method: incoming.method ?? "GET",
    path: queryAt === -1 ? target : target.slice(0, queryAt),
    ...(authority !== undefined && { authority }),
    headers: incoming.headers,
    address: clientAddress(incoming.socket.remoteAddress ?? "", incoming.headers, isProxy),
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
 * The peer's address. A peer on this machine, and one that is configured, is taken for a proxy: the last address it notes is the one
 * that it saw itself, while those before it came with the request and may be made up, unless that one is a configured proxy too.
 * What is no address was noted by no proxy.
 */
function clientAddress(peer: string, headers: IncomingHttpHeaders, isProxy: (address: string) => boolean): string {
  const forwarded = headers["x-forwarded-for"];
  if (forwarded === undefined || !(isLoopbackHost(peer) || isProxy(peer))) return peer;
  const list = Array.isArray(forwarded) ? forwarded.join(",") : forwarded;
  let address = peer;
  for (const noted of list.split(",").toReversed()) {
    if (isIP(noted.trim()) === 0) break;
    address = noted.trim();
    if (!isProxy(address)) break;
  }
  return address;
}
