/** Where people open a server that listens. Asked by the composition root. */
import type { Server } from "node:http";
import type { AddressInfo } from "node:net";
import { networkInterfaces } from "node:os";
import type { Config } from "./config/load-config.ts";
import { isWildcardHost } from "./config/loopback.ts";

/** From this machine, or from anywhere where it has a public address. */
export function toUrl({ host, publicUrl }: Config, server: Server): string {
  if (publicUrl) return publicUrl.origin;
  const name = isWildcardHost(host) ? "127.0.0.1" : host;
  return `http://${name.includes(":") ? `[${name}]` : name}:${portOf(server)}`;
}

/** From other machines of the network, where all addresses of this one are listened on. */
export function toNetworkUrls({ host, publicUrl }: Config, server: Server): string[] {
  if (publicUrl || !isWildcardHost(host)) return [];
  const addresses = Object.values(networkInterfaces()).flatMap((found) => found ?? []);
  return addresses
    .filter(({ internal, family }) => !internal && family === "IPv4")
    .map(({ address }) => `http://${address}:${portOf(server)}`);
}

function portOf(server: Server): number {
  return (server.address() as AddressInfo).port;
}
