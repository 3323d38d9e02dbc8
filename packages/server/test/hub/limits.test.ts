import { openMemoryLog } from "@typebar/log/memory";
import { expect, it } from "vitest";
import { createHub, type HubLimits } from "../../src/index.ts";
import { eventually } from "../stream-server.ts";
import { refusalOf, startHub } from "./hub-world.ts";

const tooMany = { status: 429, code: "too-many-connections" };

it("has so many connections in all, each leaving making room for one", async () => {
  await using world = await startHub({ log: openMemoryLog(), limits: { connections: 2 } });
  const first = await world.join("/rates");
  await world.join("/rates");
  const refused = world.follow("/sales");
  expect(await refusalOf(refused)).toEqual(tooMany);
  expect(refused.head()).toMatch(/^Retry-After: 1$/m);
  expect(refused.head()).toMatch(/^Content-Type: application\/problem\+json$/m);
  first.socket.destroy();
  await eventually(() => world.hub.openCount === 1);
  await world.join("/sales");
});

it("has so many connections of one user, wherever they come from", async () => {
  await using world = await startHub({ log: openMemoryLog(), limits: { connectionsPerUser: 2 } });
  await world.join("/rates?user=ann");
  await world.join("/sales?user=ann");
  expect(await refusalOf(world.follow("/rates?user=ann"))).toEqual(tooMany);
  await world.join("/rates?user=bob");
  // Who has no name is not counted as one.
  for (let index = 0; index < 3; index++) await world.join("/rates");
});

it("has so many connections from one address, whoever it is", async () => {
  await using world = await startHub({ log: openMemoryLog(), limits: { connectionsPerAddress: 2 } });
  await world.join("/rates?user=ann");
  await world.join("/rates?user=bob");
  expect(await refusalOf(world.follow("/rates?user=cyd"))).toEqual(tooMany);
});

it("takes an IPv6 /64 for one address, and IPv4 however it is written", async () => {
  const hub = createHub({ log: openMemoryLog(), limits: { connectionsPerAddress: 1 } });
  const open = async (address: string): Promise<number> =>
    (await hub.respond(new Request("http://localhost/"), { channels: ["rates"], address })).status;
  expect(await open("2001:db8:1:2::1")).toBe(200);
  expect(await open("2001:DB8:1:2:ffff:ffff:ffff:ffff")).toBe(429);
  expect(await open("2001:db8:1:3::1")).toBe(200);
  expect(await open("203.0.113.7")).toBe(200);
  expect(await open("::ffff:203.0.113.7")).toBe(429);
  expect(await open("203.0.113.8")).toBe(200);
  await hub.close();
});

it("lets nobody slip in among many who come at once", async () => {
  let opened = 0;
  await using world = await startHub({
    log: openMemoryLog(),
    authorize: () => new Promise((resolve) => setImmediate(resolve, true)),
    limits: { connectionsPerUser: 3, connectionsPerAddress: 5, connections: 7 },
    observer: { opened: () => (opened += 1) },
  });
  const of = (user: string, count: number) => Array.from({ length: count }, () => world.follow(`/rates?user=${user}`));
  const clients = [...of("ann", 20), ...of("bob", 20)];
  for (const client of clients) await client.until(() => client.head() !== "");
  const statuses = clients.map((client) => client.head().slice(9, 12));
  expect(statuses.filter((status) => status === "200")).toHaveLength(5);
  expect(statuses.filter((status) => status === "429")).toHaveLength(35);
  expect(opened).toBe(5);
  await world.leave();
  // None of the places that were taken, or only asked for, is lost.
  const again = [...of("ann", 3), ...of("bob", 2)];
  for (const client of again) await client.until(() => client.events().length > 0);
});

it("follows so many channels over one connection", async () => {
  await using world = await startHub({ log: openMemoryLog(), limits: { channelsPerConnection: 2 } });
  await world.join("/a,b,a,b");
  for (const path of ["/a,b,c", "/"]) {
    expect(await refusalOf(world.follow(path))).toEqual({ status: 400, code: "too-many-channels" });
  }
});

it.each<[keyof HubLimits, number]>([
  ["connections", 0],
  ["eventBytes", -1],
  ["eventsPerPublish", Number.NaN],
])("is not made with %s of %d", (name, value) => {
  expect(() => createHub({ log: openMemoryLog(), limits: { [name]: value } })).toThrow(TypeError);
});
