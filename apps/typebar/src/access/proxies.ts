/** Which peers are believed when they say whom they speak for. Used by request-facts.ts; made of the configuration. */
import { BlockList, isIP } from "node:net";

/** @param ranges - Addresses, or networks as `10.0.0.0/8`, of proxies on other machines. */
export function createProxyCheck(ranges: readonly string[]): (address: string) => boolean {
  const known = new BlockList();
  for (const range of ranges) {
    const { address, family, prefix } = parseRange(range) ?? {};
    if (address !== undefined && family !== undefined && prefix !== undefined) known.addSubnet(address, prefix, family);
  }
  return (address) => isIP(address) !== 0 && known.check(address, isIP(address) === 4 ? "ipv4" : "ipv6");
}

/** @returns `undefined` for what is neither an address nor a network. */
export function parseRange(range: string): { address: string; family: "ipv4" | "ipv6"; prefix: number } | undefined {
  const [, address = "", bits] = /^([0-9a-f.:]+)(?:\/(\d{1,3}))?$/i.exec(range) ?? [];
  const version = isIP(address);
  if (version === 0) return undefined;
  const most = version === 4 ? 32 : 128;
  const prefix = bits === undefined ? most : Number(bits);
  return prefix > most ? undefined : { address, family: version === 4 ? "ipv4" : "ipv6", prefix };
}
