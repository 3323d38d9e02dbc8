/**
 * Only Hosts that are really ours are answered. First check of access.ts.
 * Trust boundary: a page of a foreign site can let its own name point to 127.0.0.1 and would then count as same-origin.
 */
import { isLoopbackHost } from "../config/loopback.ts";

/** @returns whether a `Host` header is one of the loopback names, `host` or `publicUrl`'s, with any port. */
export function createHostCheck(options: {
  host: string;
  publicUrl: URL | undefined;
}): (header: string | undefined) => boolean {
  const allowed = new Set([withBrackets(options.host.toLowerCase())]);
  if (options.publicUrl !== undefined) allowed.add(options.publicUrl.hostname);
  return (header) => {
    const name = hostnameOf(header);
    return name !== undefined && (isLoopbackHost(name) || allowed.has(name));
  };
}

/** Lower case, an IPv6 address in brackets; `undefined` for what is no `Host`. */
function hostnameOf(header: string | undefined): string | undefined {
  return /^(\[[0-9a-f:.]+\]|[a-z0-9._-]+)(?::\d{1,5})?$/.exec(header?.toLowerCase() ?? "")?.[1];
}

function withBrackets(host: string): string {
  return host.includes(":") ? `[${host}]` : host;
}
