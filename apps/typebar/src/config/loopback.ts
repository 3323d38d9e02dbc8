/** Which names and addresses never leave this machine. Used by load-config.ts and by access/. */
import { isIPv4 } from "node:net";

/** `host` as in a URL or a `listen` call: a name, an IPv4 address, an IPv6 address with or without brackets. */
export function isLoopbackHost(host: string): boolean {
  const name = host.toLowerCase().replace(/^\[(.*)\]$/, "$1");
  if (name === "localhost" || name.endsWith(".localhost")) return true;
  if (name === "::1") return true;
  const address = name.startsWith("::ffff:") ? name.slice("::ffff:".length) : name;
  return isIPv4(address) && address.startsWith("127.");
}

/** Whether an address to listen on stands for every address of the machine. */
export function isWildcardHost(host: string): boolean {
  return host === "0.0.0.0" || /^[0:]+$/.test(host);
}
