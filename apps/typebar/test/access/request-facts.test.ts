import { IncomingMessage } from "node:http";
import { Socket } from "node:net";
import { describe, expect, test } from "vitest";
import { createProxyCheck } from "../../src/access/proxies.ts";
import { type RequestFacts, toRequestFacts } from "../../src/access/request-facts.ts";

function factsOf(request: { url?: string; peer?: string; forwarded?: string; proxies?: string[] }): RequestFacts {
  const socket = new Socket();
  Object.defineProperty(socket, "remoteAddress", { value: request.peer ?? "127.0.0.1" });
  const incoming = new IncomingMessage(socket);
  incoming.url = request.url ?? "/";
  if (request.forwarded !== undefined) incoming.headers["x-forwarded-for"] = request.forwarded;
  return toRequestFacts(incoming, createProxyCheck(request.proxies ?? []));
}

describe("whom failed passwords are counted against", () => {
  test.each([
    ["198.51.100.7", "198.51.100.7"],
    ["made up, 198.51.100.7", "198.51.100.7"],
    ["198.51.100.7, 2001:db8::1", "2001:db8::1"],
  ])("is the last address that a proxy on this machine notes: %s", (forwarded, address) => {
    expect(factsOf({ forwarded }).address).toBe(address);
  });

  test.each(["made up", "", "198.51.100.7, ", "198.51.100.7.8", "é".repeat(15_000)])(
    "is the peer where what is noted is no address: %.20s",
    (forwarded) => {
      expect(factsOf({ forwarded }).address).toBe("127.0.0.1");
    },
  );

  test.each([
    ["198.51.100.7", "198.51.100.7"],
    // What the visitor made up stands before what the first proxy saw.
    ["203.0.113.9, 198.51.100.7", "198.51.100.7"],
    ["203.0.113.9, 198.51.100.7, 10.1.2.3", "198.51.100.7"],
    ["made up, 10.1.2.3", "10.1.2.3"],
  ])("is the last address before the proxies that are configured: %s", (forwarded, address) => {
    for (const peer of ["10.0.0.5", "::ffff:10.0.0.5", "fd00::5", "192.0.2.1"]) {
      const proxies = ["10.0.0.0/8", "fd00::/64", "192.0.2.1"];
      expect(factsOf({ peer, forwarded, proxies }).address, peer).toBe(address);
    }
  });

  test("is the peer where it is beside the networks that are configured", () => {
    for (const peer of ["11.0.0.5", "fd00:0:0:1::5", "192.0.2.2"]) {
      const proxies = ["10.0.0.0/8", "fd00::/64", "192.0.2.1"];
      expect(factsOf({ peer, forwarded: "198.51.100.7", proxies }).address).toBe(peer);
    }
  });

  test("is the peer where it is another machine", () => {
    expect(factsOf({ peer: "203.0.113.7", forwarded: "198.51.100.7" }).address).toBe("203.0.113.7");
  });
});
