/**
 * Only Hosts that are really ours are answered. First check of access.ts.
 * Trust boundary: a page of a foreign site can let its own name point to 127.0.0.1 and would then count as same-origin.
 */
import { isIP } from "node:net";
import { isLoopbackHost, isWildcardHost } from "../config/loopback.ts";

/**
 * @returns whether a `Host` header is one of the loopback names, `host` or `publicUrl`'s, with any port. Where `host` stands for every
 * address of the machine, any IP address will do: whoever wrote one there has not been led here by a name.
 */
export function createHostCheck(options: {
  host: string;
  publicUrl: URL | undefined;
}): (header: string | undefined) => boolean {
  const allowed = new Set([withBrackets(options.host.toLowerCase())]);
  if (options.publicUrl !== undefined) allowed.add(options.publicUrl.hostname);
  const anyAddress = isWildcardHost(options.host);
  return (header) => {
    const name = hostnameOf(header);
    if (name === undefined) return false;
    return isLoopbackHost(name) || allowed.has(name) || (anyAddress && isIP(name.replace(/^\[|\]$/g, "")) !== 0);
  };
}

/** Lower case, an IPv6 address in brackets; `undefined` for what is no `Host`, or is not written as browsers write it. */
function hostnameOf(header: string | undefined): string | undefined {
  const host = header?.toLowerCase() ?? "";
  const name = /^(\[[0-9a-f:.]+\]|[a-z0-9._-]+)(?::\d{1,5})?$/.exec(host)?.[1];
  return name !== undefined && URL.parse(`http://${host}`)?.hostname === name ? name : undefined;
}

function withBrackets(host: string): string {
  return host.includes(":") ? `[${host}]` : host;
}
