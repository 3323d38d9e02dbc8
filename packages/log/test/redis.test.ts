import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { setTimeout as sleep } from "node:timers/promises";
import { createClient } from "@redis/client";
import { openFaultyProxy, openRedis, openRedisCluster, type Redis } from "@typebar/testing";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { openRedisLog } from "../src/drivers/redis/index.ts";
import { follow, type Lease, LogError, type Position, type RecordLog, start } from "../src/index.ts";
import { testRecordLog } from "./record-log-contract.ts";

let redis: Redis;
let prefixes = 0;
beforeAll(async () => void (redis = await openRedis()));
afterAll(() => redis.close());

const newPrefix = (): string => `test-${++prefixes}:`;
const page = { count: 100_000, chars: 100_000_000 };
const owner = { holder: "test", ttlMs: 60_000 };

testRecordLog("redis", () => openRedisLog({ url: redis.url, prefix: newPrefix() }));

/** Says to Redis what the driver never would. */
async function command(url: string, ...args: string[]): Promise<unknown> {
  const client = createClient({ url });
  client.on("error", () => undefined);
  await client.connect();
  try {
    return await client.sendCommand(args);
  } finally {
    client.destroy();
  }
}

async function take(log: RecordLog, logId = "log"): Promise<Lease> {
  const lease = await log.acquire(logId, owner);
  if (!lease) throw new Error("the lease was not free");
  return lease;
}

async function payloads(log: RecordLog, logId = "log", after: Position = start): Promise<string[]> {
  const result = await log.read(logId, after, page);
  if (result.type !== "records") throw new Error(result.type);
  return result.records.map((record) => record.payload);
}

/** Without a limit of its own: how long things take here is no part of what is tested. */
async function until(check: () => unknown): Promise<void> {
  while (!(await check())) await sleep(10);
}

/** As the writer of a generation does: what was refused is tried again, with what has come since. */
async function appendUntilStored(log: RecordLog, lease: Lease, seq: number, batch: string[]): Promise<number> {
  for (;;) {
    try {
      return (await log.append(lease.logId, { epoch: lease.epoch, seq }, batch)).position.seq;
    } catch (error) {
      if (!(error instanceof LogError) || error.code !== "unavailable") throw error;
    }
  }
}

/** Follows without polling until 4 records have come. Each is written once the follower has had time to begin to wait. */
async function followWaiting(log: RecordLog, write: (number: number) => Promise<void>): Promise<string[]> {
  const seen: string[] = [];
  const { signal } = new AbortController();
  const writeNext = async (): Promise<void> => {
    await sleep(100);
    await write(seen.length + 1);
  };
  let writing = writeNext();
  for await (const batch of follow(log, "log", start, { signal, pollMs: 3_600_000 })) {
    if (batch.type !== "records") throw new Error(batch.type);
    seen.push(...batch.records.map((record) => record.payload));
    await writing;
    if (seen.length === 4) break;
    writing = writeNext();
  }
  return seen;
}

describe("redis log: several processes", () => {
  it("lets exactly one of two append at one place, also the same", async () => {
    const prefix = newPrefix();
    await using one = openRedisLog({ url: redis.url, prefix, windowMs: 0 });
    await using other = openRedisLog({ url: redis.url, prefix, windowMs: 0 });
    const { epoch } = await take(one);
    for (let seq = 0; seq < 50; seq++) {
      const payload = (name: string): string[] => [seq % 2 === 0 ? name : "same"];
      const results = await Promise.allSettled([
        one.append("log", { epoch, seq }, payload("one")),
        other.append("log", { epoch, seq }, payload("other")),
      ]);
      expect(results.map((result) => result.status).toSorted()).toEqual(["fulfilled", "rejected"]);
    }
    expect(await payloads(other)).toHaveLength(50);
  });

  it("wakes who follows in another process, without polling", { timeout: 10_000 }, async () => {
    const prefix = newPrefix();
    await using writer = openRedisLog({ url: redis.url, prefix });
    await using reader = openRedisLog({ url: redis.url, prefix });
    const seen = await followWaiting(reader, async (number) => {
      await writer.append("log", "any", [String(number)]);
    });
    expect(seen).toEqual(["1", "2", "3", "4"]);
  });

  it("wakes again over a new connection, for what came while the old one was away", { timeout: 10_000 }, async () => {
    const prefix = newPrefix();
    await using proxy = await openFaultyProxy({ target: { port: redis.port }, seed: 1 });
    await using writer = openRedisLog({ url: redis.url, prefix });
    await using reader = openRedisLog({ url: `redis://127.0.0.1:${proxy.port}`, prefix });
    const seen = await followWaiting(reader, async (number) => {
      proxy.refuse();
      proxy.cutAll();
      await writer.append("log", "any", [String(number)]);
      proxy.accept();
    });
    expect(seen).toEqual(["1", "2", "3", "4"]);
  });

  it("costs a poll where no wake-up arrives", async () => {
    const prefix = newPrefix();
    await command(redis.url, "ACL", "SETUSER", "deaf", "on", ">deaf", "~*", "+@all", "resetchannels");
    await using writer = openRedisLog({ url: redis.url, prefix });
    await using reader = openRedisLog({ url: `redis://deaf:deaf@127.0.0.1:${redis.port}`, prefix });
    const { signal } = new AbortController();
    const seen: string[] = [];
    const waiting: RecordLog = {
      ...reader,
      [Symbol.asyncDispose]: () => reader[Symbol.asyncDispose](),
      async read(...args) {
        const result = await reader.read(...args);
        if (result.type === "records" && result.records.length === 0)
          await writer.append("log", "any", [String(seen.length + 1)]);
        return result;
      },
    };
    for await (const batch of follow(waiting, "log", start, { signal, pollMs: 20 })) {
      if (batch.type !== "records") throw new Error(batch.type);
      seen.push(...batch.records.map((record) => record.payload));
      if (seen.length === 4) break;
    }
    expect(seen).toEqual(["1", "2", "3", "4"]);
  });

  it("fences an owner that was frozen past its deadline and wakes", async () => {
    await using own = await openRedis();
    await using log = openRedisLog({ url: own.url });
    const child = spawn(
      process.execPath,
      ["--conditions", "typebar-source", join(import.meta.dirname, "redis-owner.ts"), own.url, "300"],
      { stdio: ["ignore", "pipe", "inherit"] },
    );
    const said: string[] = [];
    const lines = createInterface({ input: child.stdout }).on("line", (line) => said.push(line));
    await until(() => said.length > 10);
    child.kill("SIGSTOP");
    let lease: Lease | undefined;
    await until(async () => (lease = await log.acquire("log", owner)));
    if (!lease) return;
    const { epoch, seq } = lease;
    await log.append("log", { epoch, seq }, ["new"]);
    const closed = once(lines, "close");
    child.kill("SIGCONT");
    await closed;
    expect(said.at(-1)).toBe("fenced");
    const expected = Array.from({ length: seq }, (_, index) => `old ${index + 1}`);
    expect(await payloads(log)).toEqual([...expected, "new"]);
    expect(seq).toBeGreaterThanOrEqual(Number(said.at(-2)));
  });
});

describe("redis log: Redis goes away", () => {
  it("rejects while it is away, and goes on by itself when it is back", async () => {
    await using own = await openRedis({ persistence: "always" });
    await using log = openRedisLog({ url: own.url, timeoutMs: 1000 });
    const { epoch } = await take(log);
    await log.append("log", { epoch, seq: 0 }, ["a"]);
    const attempts = [
      () => log.append("log", { epoch, seq: 1 }, ["b"]),
      () => log.append("channel", "any", ["b"]),
      () => log.read("log", start, page),
      () => log.head("log"),
      () => log.acquire("other", owner),
    ];
    const allRejected = async (): Promise<void> => {
      const settled = await Promise.allSettled(attempts.map((attempt) => attempt()));
      const unavailable = { status: "rejected", reason: { code: "unavailable" } };
      expect(settled).toMatchObject(attempts.map(() => unavailable));
    };
    await own.kill();
    await allRejected();
    await own.restart();
    await until(() => log.head("log").catch(() => undefined));
    expect(await log.head("log")).toMatchObject({ epoch, seq: 1 });
    own.freeze();
    await allRejected();
    own.unfreeze();
    await until(() => log.head("log").catch(() => undefined));
    await appendUntilStored(log, { ...owner, logId: "log", epoch, seq: 1, stop: false }, 1, ["b", "c"]);
    expect(await payloads(log)).toEqual(["a", "b", "c"]);
  });

  it("loses nothing that was acknowledged to kill -9 with an append-only file that is always written, and shows each record once", async () => {
    await using own = await openRedis({ persistence: "always" });
    await using log = openRedisLog({ url: own.url, windowMs: 1, timeoutMs: 1000 });
    await using reader = openRedisLog({ url: own.url });
    const lease = await take(log);
    const rounds = process.env["TYPEBAR_TEST_LONG"] ? 30 : 4;
    let killed = 0;
    const killing = (async () => {
      for (; killed < rounds; killed++) {
        await sleep(40 + killed * 13);
        await own.kill();
        await own.restart();
      }
    })();
    let seq = 0;
    while (killed < rounds) {
      const batch = Array.from({ length: 1 + (seq % 3) }, (_, index) => `payload ${seq + index + 1}`);
      const end = await appendUntilStored(log, lease, seq, batch);
      expect(end).toBe(seq + batch.length);
      seq = end;
    }
    await killing;
    const expected = Array.from({ length: seq }, (_, index) => `payload ${index + 1}`);
    expect(await payloads(reader)).toEqual(expected);
  });

  it.each(["always", "everysec"] as const)(
    "shows a follower no gap and no double while Redis is killed (%s): it goes on, or is told that the log diverged",
    async (persistence) => {
      await using own = await openRedis({ persistence });
      await using log = openRedisLog({ url: own.url, windowMs: 0, timeoutMs: 1000 });
      await using reader = openRedisLog({ url: own.url, timeoutMs: 1000 });
      const controller = new AbortController();
      const seen: string[] = [];
      let diverged = false;
      const following = (async () => {
        let after = start;
        while (!controller.signal.aborted && !diverged) {
          try {
            for await (const batch of follow(reader, "log", after, { signal: controller.signal, pollMs: 30 })) {
              if (batch.type === "records") {
                seen.push(...batch.records.map((record) => record.payload));
                const last = batch.records.at(-1);
                if (last) after = { epoch: last.epoch, seq: last.seq };
              } else diverged = true;
            }
          } catch (error) {
            if (!(error instanceof LogError) || error.code !== "unavailable") throw error;
          }
        }
      })();
      let lease = await take(log);
      let { seq } = lease;
      for (let number = 0; number < 150; number++) {
        if (number % 50 === 25) {
          await own.kill();
          await own.restart();
        }
        try {
          seq = await appendUntilStored(log, lease, seq, [`${lease.epoch} ${seq + 1}`]);
        } catch (error) {
          expect(error).toMatchObject({ code: "fenced" });
          expect(persistence).toBe("everysec");
          await log.release(lease);
          lease = await take(log);
          ({ seq } = lease);
        }
      }
      const all = await payloads(reader);
      await until(() => diverged || seen.length >= all.length);
      controller.abort();
      await following;
      if (persistence === "always") expect(diverged).toBe(false);
      if (!diverged) expect(seen).toEqual(all);
    },
  );

  it("sees a log whose data was lost as diverged, and fences its owner", async () => {
    await using own = await openRedis({ persistence: "everysec" });
    await using log = openRedisLog({ url: own.url });
    const old = await take(log);
    const end = (await log.append("log", { epoch: old.epoch, seq: 0 }, ["a", "b"])).position;
    const batches: string[] = [];
    const { signal } = new AbortController();
    const following = (async () => {
      for await (const batch of follow(log, "log", end, { signal, pollMs: 20 })) batches.push(batch.type);
    })();
    await own.restart({ data: "none" });
    await following;
    expect(batches).toEqual(["diverged"]);
    expect(await log.head("log")).toBeUndefined();
    await expect(log.append("log", end, ["c"])).rejects.toMatchObject({ code: "fenced" });
    const again = await take(log);
    expect(again.epoch).toBeGreaterThan(old.epoch);
    await log.append("log", { epoch: again.epoch, seq: 0 }, ["x", "y"]);
    expect(await log.read("log", end, page)).toEqual({ type: "diverged" });
  });

  it("takes nothing written after a lost tail for what was lost, though it has the same number", async () => {
    await using own = await openRedis({ persistence: "always" });
    await using log = openRedisLog({ url: own.url });
    const first = await take(log);
    const kept = (await log.append("log", { epoch: first.epoch, seq: 0 }, ["a"])).position;
    const keptChannel = (await log.append("channel", "any", ["a"])).position;
    await log.release(first);
    const copy = own.copyData();

    const second = await take(log);
    const lost = (await log.append("log", { epoch: second.epoch, seq: 1 }, ["b"])).position;
    const lostChannel = (await log.append("channel", "any", ["b"])).position;
    await own.restart({ data: copy });

    const third = await take(log);
    expect(third.seq).toBe(1);
    await log.append("log", { epoch: third.epoch, seq: 1 }, ["B"]);
    await log.append("channel", "any", ["B"]);
    expect(await log.read("log", lost, page)).toEqual({ type: "diverged" });
    expect(await log.read("channel", lostChannel, page)).toEqual({ type: "diverged" });
    expect(await payloads(log, "log", kept)).toEqual(["B"]);
    expect(await payloads(log, "channel", keptChannel)).toEqual(["B"]);
    await expect(log.append("log", lost, ["late"])).rejects.toMatchObject({ code: "fenced" });
  });

  it("goes on under the same epoch after a restart that lost nothing", async () => {
    await using own = await openRedis({ persistence: "always" });
    await using log = openRedisLog({ url: own.url });
    const lease = await take(log);
    const before = (await log.append("log", { epoch: lease.epoch, seq: 0 }, ["a"])).position;
    await own.restart();
    expect(await log.renew(lease)).toEqual({ stop: false });
    expect((await log.append("log", before, ["b"])).position).toEqual({ epoch: lease.epoch, seq: 2 });
    expect(await payloads(log, "log", before)).toEqual(["b"]);
  });
});

describe("redis log: an answer is lost", () => {
  it.each(["leased", "any"] as const)("stores an append once whose answer was cut off (%s)", async (kind) => {
    const prefix = newPrefix();
    await using proxy = await openFaultyProxy({
      target: { port: redis.port },
      seed: 1,
      plan: () => ({ delayMs: 60 }),
    });
    await using log = openRedisLog({ url: `redis://127.0.0.1:${proxy.port}`, prefix, timeoutMs: 10_000 });
    await using direct = openRedisLog({ url: redis.url, prefix });
    const { epoch } = await take(log, "leased");
    await log.append("any", "any", ["a"]);
    const expected = kind === "any" ? "any" : { epoch, seq: 0 };
    const before = (await direct.head(kind))?.seq ?? 0;
    const appending = log.append(kind, expected, ["b", "c"]);
    await until(async () => (await direct.head(kind))?.seq === before + 2);
    // Another publisher comes between the two tries.
    if (kind === "any") await direct.append("any", "any", ["z"]);
    proxy.cutAll();
    expect((await appending).position.seq).toBe(before + 2);
    expect(await payloads(direct, kind)).toEqual(kind === "any" ? ["a", "b", "c", "z"] : ["b", "c"]);
  });

  it("takes its own append for stored that Redis carried out only after the time-out, and adds what has come since", async () => {
    await using own = await openRedis();
    await using log = openRedisLog({ url: own.url, timeoutMs: 1000 });
    await using direct = openRedisLog({ url: own.url });
    const { epoch } = await take(log);
    // Redis knows the script from then on, so that the frozen one has it in hand.
    await log.append("log", { epoch, seq: 0 }, ["first"]);
    own.freeze();
    await expect(log.append("log", { epoch, seq: 1 }, ["a", "b"])).rejects.toMatchObject({ code: "unavailable" });
    own.unfreeze();
    await until(async () => (await direct.head("log"))?.seq === 3);
    await until(() => log.head("log").catch(() => undefined));
    expect((await log.append("log", { epoch, seq: 1 }, ["a", "b", "c"])).position.seq).toBe(4);
    expect(await payloads(log)).toEqual(["first", "a", "b", "c"]);
    // That was said once: from now on the place is taken again.
    await expect(log.append("log", { epoch, seq: 3 }, ["c"])).rejects.toMatchObject({ code: "fenced" });
  });
});

describe("redis log: an answer is lost, and then what it was about", () => {
  it.each([
    ["the same again", ["b", "c"], "stored"],
    ["other text", ["B"], "fenced"],
  ] as const)(
    "takes nothing but the same in the place of what may have been read: %s",
    async (_, payloadsAgain, outcome) => {
      await using own = await openRedis({ persistence: "always" });
      await using log = openRedisLog({ url: own.url, timeoutMs: 1000 });
      await using reader = openRedisLog({ url: own.url });
      const lease = await take(log);
      await log.append("log", { epoch: lease.epoch, seq: 0 }, ["a"]);
      const copy = own.copyData();
      own.freeze();
      await expect(log.append("log", { epoch: lease.epoch, seq: 1 }, ["b"])).rejects.toMatchObject({
        code: "unavailable",
      });
      own.unfreeze();
      await until(async () => (await payloads(reader)).length === 2);
      await own.restart({ data: copy });
      expect(await payloads(reader)).toEqual(["a"]);
      const again = appendUntilStored(log, lease, 1, [...payloadsAgain]);
      if (outcome === "fenced") await expect(again).rejects.toMatchObject({ code: "fenced" });
      else expect(await again).toBe(3);
      const seen = { epoch: lease.epoch, seq: 2 };
      const after = await reader.read("log", seen, page);
      expect(after).toMatchObject(
        outcome === "fenced" ? { type: "diverged" } : { records: [{ seq: 3, payload: "c" }] },
      );
    },
  );
});

describe("redis log: Redis itself", () => {
  it("lets the first append of a burst pass, and sends the others together", async () => {
    await using own = await openRedis();
    await using log = openRedisLog({ url: own.url, windowMs: 10 });
    const { epoch } = await take(log);
    let { seq } = (await log.append("log", { epoch, seq: 0 }, ["warm"])).position;
    await sleep(30);
    const calls = async (): Promise<number> =>
      Number(/cmdstat_evalsha:calls=(\d+)/.exec(String(await command(own.url, "INFO", "commandstats")))?.[1]);
    const before = await calls();
    await Promise.all(Array.from({ length: 100 }, () => log.append("log", { epoch, seq: seq++ }, ["x"])));
    expect((await calls()) - before).toBe(2);
    expect(await payloads(log)).toHaveLength(101);
  });

  it("stores nothing while memory is full, says so, and goes on when there is room", async () => {
    await using own = await openRedis();
    await using log = openRedisLog({ url: own.url });
    const { epoch } = await take(log);
    await log.append("log", { epoch, seq: 0 }, ["a"]);
    await command(own.url, "CONFIG", "SET", "maxmemory", "1");
    await expect(log.append("log", { epoch, seq: 1 }, ["b"])).rejects.toMatchObject({ code: "unavailable" });
    expect(await payloads(log)).toEqual(["a"]);
    await command(own.url, "CONFIG", "SET", "maxmemory", "0");
    expect((await log.append("log", { epoch, seq: 1 }, ["b"])).position.seq).toBe(2);
  });

  it("says diverged, and does not wait, where somebody has deleted the records", async () => {
    const prefix = newPrefix();
    await using log = openRedisLog({ url: redis.url, prefix });
    const { position } = await log.append("log", "any", ["a", "b"]);
    await command(redis.url, "DEL", `${prefix}{:log}:records`);
    expect(await log.read("log", start, page)).toEqual({ type: "diverged" });
    expect(await log.read("log", { ...position, seq: 1 }, page)).toEqual({ type: "diverged" });
  });

  it("leaves nothing behind of a log that has expired but its epoch, and that for an hour", async () => {
    const prefix = newPrefix();
    await using log = openRedisLog({ url: redis.url, prefix });
    await log.append("log", "any", ["a"]);
    await log.expire("log", 0);
    expect(await command(redis.url, "HKEYS", `${prefix}{:log}`)).toEqual(["epoch", "expires"]);
    expect(Number(await command(redis.url, "PTTL", `${prefix}{:log}`))).toBeGreaterThan(0);
    expect(await command(redis.url, "EXISTS", `${prefix}{:log}:records`)).toBe(0);
  });

  it("gives records no longer a life than their log, also where they come after the expiry was set", async () => {
    const prefix = newPrefix();
    await using log = openRedisLog({ url: redis.url, prefix });
    const { epoch } = await take(log);
    await log.expire("log", 60_000);
    await log.append("log", { epoch, seq: 0 }, ["a"]);
    expect(Number(await command(redis.url, "PTTL", `${prefix}{:log}:records`))).toBeGreaterThan(0);
  });

  it("keeps all keys of a log in one slot of a cluster, whatever its name", async () => {
    await using own = await openRedis({ cluster: true });
    await command(own.url, "CLUSTER", "ADDSLOTSRANGE", "0", "16383");
    await using log = openRedisLog({ url: own.url, timeoutMs: 20_000 });
    for (const logId of ["plain", "", "}", "{}", "a{b}c", "%7D", "漢字 \r\n"]) {
      const { position } = await log.append(logId, "any", ["a"]);
      await log.append(logId, "any", [logId]);
      expect(await payloads(log, logId, position)).toEqual([logId]);
      await log.trim(logId, { count: 1 });
      expect(await log.head(logId)).toMatchObject({ seq: 2, trimmedSeq: 1 });
    }
  });

  it(
    "is refused where it is a Cluster of several shards, before anything is written to one",
    { timeout: 60_000 },
    async () => {
      await using cluster = await openRedisCluster();
      await using log = openRedisLog({ url: cluster.url });
      for (const logId of ["one", "two", "three"]) {
        await expect(log.append(logId, "any", ["a"])).rejects.toMatchObject({
          code: "unavailable",
          cause: { code: "unsupported", message: "Redis is a Cluster of 2 shards" },
        });
      }
    },
  );

  it.each(["", "localhost:6379", "http://localhost", "redis://", "redis://user:secret@host:99999"])(
    "refuses a URL that is none of a Redis, and does not repeat it: %j",
    (url) => {
      expect(() => openRedisLog({ url })).toThrow(/^The URL of Redis is not of the form \S+$/);
    },
  );

  it("refuses a prefix in which the hash tag would begin", () => {
    expect(() => openRedisLog({ url: redis.url, prefix: "{mine}:" })).toThrow(RangeError);
  });
});
