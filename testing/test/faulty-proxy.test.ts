import { createServer, type Server } from "node:http";
import { connect } from "node:net";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type Cut, openFaultyProxy } from "../src/index.ts";

const body = "0123456789".repeat(1000);

/** What a client reads over a bare socket, and how its connection ended. */
function readAll(port: number): Promise<{ bytes: number; end: "end" | "reset" }> {
  return new Promise((resolve) => {
    let bytes = 0;
    const socket = connect(port, "127.0.0.1", () => socket.write("GET / HTTP/1.0\r\n\r\n"));
    socket.on("data", (chunk) => {
      bytes += chunk.length;
    });
    socket.on("end", () => resolve({ bytes, end: "end" }));
    socket.on("error", () => resolve({ bytes, end: "reset" }));
  });
}

describe("the faulty proxy", () => {
  let server: Server;
  let target: { port: number };

  beforeEach(async () => {
    server = createServer((_request, response) => response.end(body));
    await new Promise<void>((resolve) => {
      server.listen(0, "127.0.0.1", resolve);
    });
    const address = server.address();
    if (address === null || typeof address === "string") throw new Error("no port");
    target = { port: address.port };
  });
  afterEach(() => {
    server.closeAllConnections();
    server.close();
  });

  it("passes everything on when nothing is planned, in whatever pieces", async () => {
    await using proxy = await openFaultyProxy({ target, seed: 1, plan: () => ({ splitBytes: 700 }) });
    expect(await (await fetch(proxy.url)).text()).toBe(body);
    expect(proxy.counts).toEqual({ connections: 1, cuts: 0, refused: 0 });
  });

  it.each<[Cut, "end" | "reset"]>([
    ["fin", "end"],
    ["rst", "reset"],
    ["half-close", "end"],
  ])("cuts after exactly the planned bytes (%s)", async (cut, end) => {
    await using proxy = await openFaultyProxy({ target, seed: 1 });
    proxy.cutAfter(4321, cut);
    expect(await readAll(proxy.port)).toEqual({ bytes: 4321, end });
    expect(proxy.counts.cuts).toBe(1);
    proxy.cutAfter(undefined);
    expect((await readAll(proxy.port)).bytes).toBeGreaterThan(body.length);
  });

  it("stalls without closing, until all is cut", async () => {
    await using proxy = await openFaultyProxy({ target, seed: 1, plan: () => ({ cutAfterBytes: 100, cut: "stall" }) });
    const response = await new Promise<{ ended: Promise<string>; bytes: number }>((resolve) => {
      const socket = connect(proxy.port, "127.0.0.1", () => socket.write("GET / HTTP/1.0\r\n\r\n"));
      const ended = new Promise<string>((settle) => {
        socket.on("end", () => settle("end"));
        socket.on("error", () => settle("reset"));
      });
      socket.on("data", (chunk) => resolve({ ended, bytes: chunk.length }));
    });
    expect(response.bytes).toBe(100);
    proxy.cutAll("rst");
    expect(await response.ended).toBe("reset");
  });

  it("refuses and accepts again", async () => {
    await using proxy = await openFaultyProxy({ target, seed: 1 });
    proxy.refuse();
    await expect(fetch(proxy.url)).rejects.toThrow("fetch failed");
    proxy.accept();
    expect((await fetch(proxy.url)).status).toBe(200);
    expect(proxy.counts).toMatchObject({ connections: 1, refused: 1 });
  });

  it("plans the same faults for the same seed", async () => {
    const cutsOf = async (seed: number): Promise<number[]> => {
      await using proxy = await openFaultyProxy({
        target,
        seed,
        plan: (_connection, random) => ({ cutAfterBytes: Math.floor(random() * 9000), cut: "fin" }),
      });
      return [(await readAll(proxy.port)).bytes, (await readAll(proxy.port)).bytes];
    };
    const first = await cutsOf(7);
    expect(await cutsOf(7)).toEqual(first);
    expect(await cutsOf(8)).not.toEqual(first);
  });
});
