/** Presence over every driver of the log; and over Redis, where hubs of several processes tell of all followers together. */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { type RecordLog, start } from "@typebar/log";
import { openMemoryLog } from "@typebar/log/memory";
import { openRedisLog } from "@typebar/log/redis";
import { openSqliteLog } from "@typebar/log/sqlite";
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from "vitest";
import { openRedis, type Redis } from "../../../../testing/src/redis.ts";
import { pick, randomInteger } from "../../../../testing/src/random.ts";
import { randomFor, seedText } from "../../../../testing/src/seed.ts";
import type { PresenceEvent, PresenceState } from "../../src/index.ts";
import { openRawClient, type RawClient } from "../raw-client.ts";
import { type HubWorld, startHub } from "./hub-world.ts";

let redis: Redis;
let prefixes = 0;
beforeAll(async () => void (redis = await openRedis()));
afterAll(() => redis.close());

const newPrefix = (): string => `presence-${++prefixes}:`;
const quick = { beatMs: 100, timeoutMs: 1000 };

/** All that was told in a channel. */
async function toldIn(log: RecordLog, channel = "lobby"): Promise<PresenceEvent[]> {
  const page = await log.read(`channel:${channel}`, start, { count: 10_000, chars: 10_000_000 });
  if (page.type !== "records") throw new Error(page.type);
  return page.records.flatMap(({ payload }) => {
    const [name, data = ""] = payload.split("\n");
    return name === "presence" ? [JSON.parse(data) as PresenceEvent] : [];
  });
}

/** Nobody joins who is there, or leaves who is not. @returns who is there after all that was told. */
function replay(events: readonly PresenceEvent[]): PresenceState {
  const users = new Set<string>();
  for (const { joined = [], left = [] } of events) {
    for (const user of joined) {
      expect(users, `joined twice: ${JSON.stringify(events)}`).not.toContain(user);
      users.add(user);
    }
    for (const user of left) expect(users.delete(user), `left twice: ${JSON.stringify(events)}`).toBe(true);
  }
  return { count: events.at(-1)?.count ?? 0, users: [...users].toSorted() };
}

async function untilTold(log: RecordLog, count: number, users: string[], channel = "lobby"): Promise<void> {
  for (;;) {
    // The store is away now and then.
    const told = replay(await toldIn(log, channel).catch(() => []));
    if (told.count === count && told.users.join() === users.join()) return;
    await sleep(10);
  }
}

const openers: Array<[name: string, open: () => RecordLog]> = [
  ["memory", () => openMemoryLog()],
  ["sqlite", () => openSqliteLog({ path: ":memory:" })],
  ["redis", () => openRedisLog({ url: redis.url, prefix: newPrefix(), ...quick })],
];

describe.each(openers)("presence contract: %s", (_, open) => {
  async function openWorld(): Promise<{ log: RecordLog; world: HubWorld }> {
    const log = open();
    const world = await startHub({
      log,
      presence: (channel) => (channel === "off" ? "off" : "users"),
      presenceIntervalMs: 100,
      timings: { heartbeatMs: 400 },
    });
    onTestFinished(async () => {
      await world[Symbol.asyncDispose]();
      await log[Symbol.asyncDispose]();
    });
    return { log, world };
  }

  it("tells each who joins and leaves once, and says who is there", async () => {
    const { log, world } = await openWorld();
    await world.join("/lobby?user=ann");
    const bob = [await world.join("/lobby?user=bob"), await world.join("/lobby?user=bob")];
    await untilTold(log, 3, ["ann", "bob"]);
    expect(await world.hub.presence("lobby")).toEqual({ count: 3, users: ["ann", "bob"] });
    for (const { socket } of bob) socket.destroy();
    await untilTold(log, 1, ["ann"]);
    expect(await world.hub.presence("lobby")).toEqual({ count: 1, users: ["ann"] });
  });

  it("tells nothing of a channel that is off, and counts it here", async () => {
    const { log, world } = await openWorld();
    await world.join("/off,lobby?user=ann");
    await untilTold(log, 1, ["ann"]);
    expect(await world.hub.presence("off")).toEqual({ count: 1, users: ["ann"] });
    expect(world.hub.countFollowers("off")).toBe(1);
    expect(await toldIn(log, "off")).toEqual([]);
  });

  it("tells that all have left before the hub is closed", async () => {
    const { log, world } = await openWorld();
    await world.join("/lobby?user=ann");
    await untilTold(log, 1, ["ann"]);
    await world.hub.close();
    expect(replay(await toldIn(log))).toEqual({ count: 0, users: [] });
  });
});

interface Node {
  child: ChildProcess;
  /** Follows here, and waits until it does. */
  join(path: string): Promise<RawClient>;
  presence(channel?: string): Promise<PresenceState>;
}

async function startNode(url: string, prefix: string): Promise<Node> {
  const args = ["--conditions", "typebar-source", join(import.meta.dirname, "hub-main.ts"), url, prefix];
  const child = spawn(process.execPath, args, { stdio: ["pipe", "pipe", "inherit"] });
  const clients: RawClient[] = [];
  onTestFinished(() => {
    for (const { socket } of clients) socket.destroy();
    child.kill("SIGKILL");
  });
  const [line] = (await once(child.stdout, "data")) as [Buffer];
  const port = Number(line.toString());
  return {
    child,
    async join(path) {
      const client = openRawClient({ server: port, path, headerLines: "" });
      clients.push(client);
      await client.until(() => client.events().length > 0);
      return client;
    },
    async presence(channel = "lobby") {
      const response = await fetch(`http://127.0.0.1:${port}/presence/${channel}`);
      const state = (await response.json()) as PresenceState;
      return { ...state, users: state.users.toSorted() };
    },
  };
}

describe("presence of several processes", { timeout: 20_000 }, () => {
  async function startNodes(count: number, url = redis.url): Promise<{ log: RecordLog; nodes: Node[] }> {
    const prefix = newPrefix();
    const nodes = await Promise.all(Array.from({ length: count }, () => startNode(url, prefix)));
    const log = openRedisLog({ url, prefix, ...quick });
    onTestFinished(() => log[Symbol.asyncDispose]());
    return { log, nodes };
  }
  const at = (nodes: readonly Node[], index: number): Node => nodes[index] as Node;

  it("who joins at one is there at each, and at two of them there once", async () => {
    const { log, nodes } = await startNodes(2);
    const [a, b] = [at(nodes, 0), at(nodes, 1)];
    const anns = [await a.join("/lobby?user=ann"), await b.join("/lobby?user=ann")];
    await b.join("/lobby?user=bob");
    await untilTold(log, 3, ["ann", "bob"]);
    for (const node of nodes) expect(await node.presence()).toEqual({ count: 3, users: ["ann", "bob"] });
    anns[0]?.socket.destroy();
    await untilTold(log, 2, ["ann", "bob"]);
    anns[1]?.socket.destroy();
    await untilTold(log, 1, ["bob"]);
  });

  it("who followed a killed one leaves, though nobody else follows the channel", async () => {
    const { log, nodes } = await startNodes(3);
    const [a, b, c] = [at(nodes, 0), at(nodes, 1), at(nodes, 2)];
    await a.join("/lobby,sole?user=ann");
    await Promise.all([b, c].map((node) => node.join("/lobby?user=bob")));
    await untilTold(log, 3, ["ann", "bob"]);
    await untilTold(log, 1, ["ann"], "sole");
    a.child.kill("SIGKILL");
    await untilTold(log, 2, ["bob"]);
    await untilTold(log, 0, [], "sole");
    expect(await b.presence("sole")).toEqual({ count: 0, users: [] });
    for (const node of [b, c]) expect(await node.presence()).toEqual({ count: 2, users: ["bob"] });
  });

  it("who followed a frozen one leaves, and is back when it wakes", async () => {
    const { log, nodes } = await startNodes(2);
    const [a, b] = [at(nodes, 0), at(nodes, 1)];
    await a.join("/lobby?user=ann");
    await b.join("/lobby?user=bob");
    await untilTold(log, 2, ["ann", "bob"]);
    a.child.kill("SIGSTOP");
    await untilTold(log, 1, ["bob"]);
    a.child.kill("SIGCONT");
    await untilTold(log, 2, ["ann", "bob"]);
    for (const node of nodes) expect(await node.presence()).toEqual({ count: 2, users: ["ann", "bob"] });
  });

  it("who followed one that is stopped leaves with it, though no other is left to notice", async () => {
    const { log, nodes } = await startNodes(1);
    const node = at(nodes, 0);
    await node.join("/lobby?user=ann");
    await untilTold(log, 1, ["ann"]);
    const exited = once(node.child, "exit");
    node.child.kill("SIGTERM");
    await exited;
    expect(replay(await toldIn(log))).toEqual({ count: 0, users: [] });
  });

  it.each(["nothing", "everything"] as const)("is what it was when Redis is back with %s", async (kept) => {
    await using own = await openRedis({ persistence: kept === "everything" ? "always" : "no-file" });
    const { log, nodes } = await startNodes(2, own.url);
    const [a, b] = [at(nodes, 0), at(nodes, 1)];
    await a.join("/lobby?user=ann");
    await b.join("/lobby?user=bob");
    await untilTold(log, 2, ["ann", "bob"]);
    await own.restart();
    await untilTold(log, 2, ["ann", "bob"]);
    await b.join("/lobby?user=cyd");
    await untilTold(log, 3, ["ann", "bob", "cyd"]);
    for (const node of nodes) expect(await node.presence()).toEqual({ count: 3, users: ["ann", "bob", "cyd"] });
  });

  it(`nobody joins or leaves twice, wherever they come and go, ${seedText}`, async () => {
    const prefix = newPrefix();
    const random = randomFor("presence");
    const logs = Array.from({ length: 3 }, () => openRedisLog({ url: redis.url, prefix, ...quick }));
    const worlds = await Promise.all(
      logs.map((log) =>
        startHub({ log, presence: () => "users", presenceIntervalMs: 20, timings: { heartbeatMs: 100 } }),
      ),
    );
    onTestFinished(async () => {
      for (const world of worlds) await world[Symbol.asyncDispose]();
      for (const log of logs) await log[Symbol.asyncDispose]();
    });
    const open: Array<{ user: string; client: RawClient }> = [];
    for (let step = 0; step < 150; step++) {
      if (open.length > 0 && random() < 0.5)
        open.splice(randomInteger(random, 0, open.length - 1), 1)[0]?.client.socket.destroy();
      else {
        const user = pick(["ann", "bob", "cyd", "dan"], random);
        open.push({ user, client: await pick(worlds, random).join(`/lobby?user=${user}`) });
      }
      if (step % 5 === 0) await sleep(20);
    }
    const users = [...new Set(open.map(({ user }) => user))].toSorted();
    await untilTold(logs[0] as RecordLog, open.length, users);
    for (const { hub } of worlds) {
      const state = await hub.presence("lobby");
      expect({ ...state, users: state.users.toSorted() }).toEqual({ count: open.length, users });
    }
  });
});
