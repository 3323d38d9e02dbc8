/** The contract of every record log driver, run against the real engine. */
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { follow, type LogRecord, type Position, type RecordLog, start } from "../src/index.ts";

const page = { count: 100, chars: 1_000_000 };
const owner = { holder: "test", ttlMs: 60_000 };
let nextLog = 0;

/** Runs the contract over the driver that `open` opens; each test gets its own, empty one. */
export function testRecordLog(name: string, open: () => Promise<RecordLog> | RecordLog): void {
  describe(`record log contract: ${name}`, () => {
    let log: RecordLog;
    let logId: string;
    beforeEach(async () => {
      log = await open();
      logId = `log-${++nextLog}`;
    });
    afterEach(() => log[Symbol.asyncDispose]());

    async function written(...payloads: string[]): Promise<Position> {
      const lease = await log.acquire(logId, owner);
      if (!lease) throw new Error("the lease was not free");
      return (await log.append(logId, { epoch: lease.epoch, seq: lease.seq }, payloads)).position;
    }
    async function records(after: Position = start): Promise<LogRecord[]> {
      const result = await log.read(logId, after, page);
      if (result.type !== "records") throw new Error(result.type);
      return result.records;
    }

    describe("append and read", () => {
      it("numbers records from 1 without a gap", async () => {
        const first = await written("a", "b");
        const second = await log.append(logId, first, ["c"]);
        expect(second.position).toEqual({ epoch: first.epoch, seq: 3 });
        expect(await records()).toEqual(
          ["a", "b", "c"].map((payload, index) => ({ seq: index + 1, epoch: first.epoch, payload })),
        );
      });

      it("gives payloads back as they were", async () => {
        const payloads = ["", "\u0000", "a\r\nb", "😀 👨‍👩‍👧‍👦", "مرحبا", "漢字", "x".repeat(200_000), '{"a":"\\ud83d"}'];
        await written(...payloads);
        expect((await records()).map((record) => record.payload)).toEqual(payloads);
      });

      it("reads after a position, in pages", async () => {
        const end = await written("a", "b", "c", "d");
        const result = await log.read(logId, { epoch: end.epoch, seq: 1 }, { count: 2, chars: 1000 });
        expect(result).toMatchObject({ type: "records", records: [{ seq: 2 }, { seq: 3 }] });
      });

      it("returns at least one record, however long", async () => {
        await written("long payload", "b");
        const result = await log.read(logId, start, { count: 10, chars: 1 });
        expect(result).toMatchObject({ type: "records", records: [{ seq: 1 }] });
      });

      it("stays within the characters asked for", async () => {
        await written("aaaa", "bbbb", "cccc");
        const result = await log.read(logId, start, { count: 10, chars: 8 });
        expect(result).toMatchObject({ type: "records", records: [{ seq: 1 }, { seq: 2 }] });
      });

      it("is empty at its end, and where there is no log", async () => {
        const end = await written("a");
        expect(await records(end)).toEqual([]);
        expect(await log.read("no-such-log", start, page)).toEqual({ type: "records", records: [] });
        expect(await log.head("no-such-log")).toBeUndefined();
      });

      it("keeps appends of one turn apart and in order", async () => {
        const lease = await log.acquire(logId, owner);
        if (!lease) throw new Error("the lease was not free");
        const { epoch } = lease;
        const results = await Promise.all(
          Array.from({ length: 50 }, (_, seq) => log.append(logId, { epoch, seq }, [`p${seq + 1}`])),
        );
        expect(results.map((result) => result.position.seq)).toEqual(
          Array.from({ length: 50 }, (_, index) => index + 1),
        );
        expect((await records()).map((record) => record.payload)).toEqual(
          Array.from({ length: 50 }, (_, index) => `p${index + 1}`),
        );
      });

      it("stores all of an append or nothing of it", async () => {
        const end = await written("a");
        await expect(log.append(logId, { ...end, seq: 7 }, ["b", "c"])).rejects.toMatchObject({ code: "fenced" });
        expect(await records()).toHaveLength(1);
      });
    });

    describe("compare-and-set", () => {
      it("refuses a seq that is not the last", async () => {
        const end = await written("a", "b");
        await expect(log.append(logId, { ...end, seq: 1 }, ["x"])).rejects.toMatchObject({ code: "fenced" });
        await expect(log.append(logId, { ...end, seq: 3 }, ["x"])).rejects.toMatchObject({ code: "fenced" });
        expect((await log.append(logId, end, ["c"])).position.seq).toBe(3);
      });

      it("lets one of two appends at the same place win", async () => {
        const end = await written("a");
        const results = await Promise.allSettled([log.append(logId, end, ["x"]), log.append(logId, end, ["y"])]);
        expect(results.map((result) => result.status).toSorted()).toEqual(["fulfilled", "rejected"]);
        expect(await records()).toHaveLength(2);
      });

      it("refuses the epoch of an owner that was replaced", async () => {
        const old = await log.acquire(logId, { holder: "old", ttlMs: 60_000 });
        if (!old) throw new Error("the lease was not free");
        await log.append(logId, { epoch: old.epoch, seq: 0 }, ["a"]);
        await log.release(old);
        const taken = await log.acquire(logId, { holder: "new", ttlMs: 60_000 });
        expect(taken).toMatchObject({ epoch: old.epoch + 1, seq: 1 });
        await expect(log.append(logId, { epoch: old.epoch, seq: 1 }, ["late"])).rejects.toMatchObject({
          code: "fenced",
        });
        await log.append(logId, { epoch: old.epoch + 1, seq: 1 }, ["b"]);
        expect((await records()).map(({ epoch, payload }) => [epoch, payload])).toEqual([
          [old.epoch, "a"],
          [old.epoch + 1, "b"],
        ]);
      });

      it("refuses to write a log that nobody has acquired", async () => {
        await expect(log.append(logId, { epoch: 0, seq: 0 }, ["a"])).rejects.toMatchObject({ code: "fenced" });
        await expect(log.append(logId, { epoch: 1, seq: 0 }, ["a"])).rejects.toMatchObject({ code: "fenced" });
      });

      it("appends at the end for many publishers", async () => {
        const results = await Promise.all(["a", "b", "c"].map((payload) => log.append(logId, "any", [payload])));
        expect(results.map((result) => result.position.seq).toSorted((a, b) => a - b)).toEqual([1, 2, 3]);
        expect(new Set(results.map((result) => result.position.epoch)).size).toBe(1);
        expect((await records()).map((record) => record.seq)).toEqual([1, 2, 3]);
      });

      it("gives a channel made again under its old name another epoch", async () => {
        const before = await log.append(logId, "any", ["a"]);
        await log.expire(logId, 0);
        await new Promise((resolve) => setTimeout(resolve, 5));
        const after = await log.append(logId, "any", ["b"]);
        expect(after.position.epoch).toBeGreaterThan(before.position.epoch);
        expect(await log.read(logId, before.position, page)).toEqual({ type: "diverged" });
      });
    });

    describe("positions", () => {
      it("sees a position beyond the end as diverged", async () => {
        const end = await written("a");
        expect(await log.read(logId, { ...end, seq: 2 }, page)).toEqual({ type: "diverged" });
        expect(await log.read("no-such-log", { epoch: 1, seq: 1 }, page)).toEqual({ type: "diverged" });
      });

      it("sees a position of another epoch as diverged", async () => {
        const end = await written("a", "b");
        expect(await log.read(logId, { epoch: end.epoch + 1, seq: 1 }, page)).toEqual({ type: "diverged" });
      });

      it("accepts positions of each epoch that wrote", async () => {
        const old = await log.acquire(logId, owner);
        if (!old) throw new Error("the lease was not free");
        await log.append(logId, { epoch: old.epoch, seq: 0 }, ["a", "b"]);
        await log.release(old);
        const taken = await log.acquire(logId, owner);
        if (!taken) throw new Error("the lease was not free");
        await log.append(logId, { epoch: taken.epoch, seq: 2 }, ["c"]);
        expect((await records({ epoch: old.epoch, seq: 1 })).map((record) => record.seq)).toEqual([2, 3]);
        expect(await records({ epoch: taken.epoch, seq: 3 })).toEqual([]);
        expect(await log.read(logId, { epoch: taken.epoch, seq: 1 }, page)).toEqual({ type: "diverged" });
        expect(await log.read(logId, { epoch: old.epoch, seq: 3 }, page)).toEqual({ type: "diverged" });
      });
    });

    describe("leases", () => {
      it("is held by one at a time", async () => {
        expect(await log.acquire(logId, owner)).toMatchObject({ seq: 0 });
        expect(await log.acquire(logId, owner)).toBeUndefined();
      });

      it("is free after its deadline, with a greater epoch", async () => {
        const first = await log.acquire(logId, { holder: "a", ttlMs: 60 });
        expect(await log.acquire(logId, owner)).toBeUndefined();
        await new Promise((resolve) => setTimeout(resolve, 90));
        expect(await log.acquire(logId, owner)).toMatchObject({ epoch: (first?.epoch ?? 0) + 1 });
        if (first) await expect(log.renew(first)).rejects.toMatchObject({ code: "fenced" });
      });

      it("is kept by renewing and by appending", async () => {
        const lease = await log.acquire(logId, { holder: "a", ttlMs: 1500 });
        if (!lease) throw new Error("the lease was not free");
        await new Promise((resolve) => setTimeout(resolve, 1000));
        await log.renew(lease);
        await new Promise((resolve) => setTimeout(resolve, 1000));
        expect(await log.acquire(logId, owner)).toBeUndefined();
        await log.append(logId, { epoch: lease.epoch, seq: 0 }, ["a"]);
        await new Promise((resolve) => setTimeout(resolve, 1000));
        expect(await log.acquire(logId, owner)).toBeUndefined();
      });

      it("does not let an old lease release a new one", async () => {
        const old = await log.acquire(logId, owner);
        if (!old) throw new Error("the lease was not free");
        await log.release(old);
        expect(await log.acquire(logId, owner)).toBeDefined();
        await log.release(old);
        expect(await log.acquire(logId, owner)).toBeUndefined();
      });

      it("tells the owner of a requested stop, by append, renewal, wake-up and to the next owner", async () => {
        const lease = await log.acquire(logId, owner);
        if (!lease) throw new Error("the lease was not free");
        expect(await log.renew(lease)).toEqual({ stop: false });
        const woken = new Promise<string>((resolve) => {
          log.watch(logId, (wakeUp) => wakeUp === "stop" && resolve(wakeUp));
        });
        await log.requestStop(logId);
        expect(await woken).toBe("stop");
        expect(await log.renew(lease)).toEqual({ stop: true });
        expect(await log.append(logId, { epoch: lease.epoch, seq: 0 }, ["a"])).toMatchObject({ stop: true });
        await log.release(lease);
        expect(await log.acquire(logId, owner)).toMatchObject({ stop: true });
      });

      it("ignores a stop of a log that does not exist", async () => {
        await log.requestStop(logId);
        expect(await log.acquire(logId, owner)).toMatchObject({ stop: false });
      });
    });

    describe("trim and expire", () => {
      it("forgets the oldest records beyond a count and says so to late readers", async () => {
        const end = await written("a", "b", "c", "d");
        await log.trim(logId, { count: 2 });
        expect(await log.read(logId, start, page)).toEqual({ type: "expired" });
        expect(await log.read(logId, { ...end, seq: 1 }, page)).toEqual({ type: "expired" });
        expect((await records({ ...end, seq: 2 })).map((record) => record.payload)).toEqual(["c", "d"]);
        expect(await log.read(logId, { epoch: end.epoch + 1, seq: 2 }, page)).toEqual({ type: "diverged" });
        expect(await log.head(logId)).toMatchObject({ seq: 4, trimmedSeq: 2 });
      });

      it("forgets beyond bytes, always keeping the last record", async () => {
        await written("aaaa", "bbbb", "漢字漢");
        await log.trim(logId, { bytes: 13 });
        expect(await log.head(logId)).toMatchObject({ seq: 3, trimmedSeq: 1 });
        await log.trim(logId, { bytes: 1 });
        expect(await log.head(logId)).toMatchObject({ seq: 3, trimmedSeq: 2 });
      });

      it("forgets records older than an age", async () => {
        const end = await written("a");
        await new Promise((resolve) => setTimeout(resolve, 60));
        await log.append(logId, end, ["b"]);
        await log.trim(logId, { ageMs: 40 });
        expect(await log.head(logId)).toMatchObject({ seq: 2, trimmedSeq: 1 });
      });

      it("goes on numbering after a trim", async () => {
        const end = await written("a", "b");
        await log.trim(logId, { count: 1 });
        expect((await log.append(logId, end, ["c"])).position.seq).toBe(3);
      });

      it("removes a log at once, or after a time", async () => {
        await written("a");
        await log.expire(logId, 0);
        expect(await log.head(logId)).toBeUndefined();
        logId = `log-${++nextLog}`;
        const end = await written("a");
        await log.expire(logId, 50);
        expect(await records()).toHaveLength(1);
        await new Promise((resolve) => setTimeout(resolve, 80));
        expect(await log.head(logId)).toBeUndefined();
        expect(await log.read(logId, end, page)).toEqual({ type: "diverged" });
      });
    });

    describe("a name used again after its log has expired, before anything swept it away", () => {
      const expired = async (write: () => Promise<Position>): Promise<Position> => {
        const end = await write();
        await log.expire(logId, 20);
        await new Promise((resolve) => setTimeout(resolve, 40));
        return end;
      };

      it("is a new channel of a greater epoch, and refuses no other append of the turn", async () => {
        const old = await expired(async () => (await log.append(logId, "any", ["old", "old"])).position);
        const other = await log.acquire(`${logId}-other`, owner);
        if (!other) throw new Error("the lease was not free");
        const [again, more, beside] = await Promise.all([
          log.append(logId, "any", ["a"]),
          log.append(logId, "any", ["b"]),
          log.append(other.logId, { epoch: other.epoch, seq: other.seq }, ["x"]),
        ]);
        expect(again.position.epoch).toBeGreaterThan(old.epoch);
        expect([again.position.seq, more.position.seq, beside.position.seq]).toEqual([1, 2, 1]);
        expect((await records()).map((record) => record.payload)).toEqual(["a", "b"]);
        expect(await log.read(logId, old, page)).toEqual({ type: "diverged" });
        expect(await log.read(logId, { ...old, seq: 1 }, page)).toEqual({ type: "diverged" });
      });

      it("can be acquired, with a greater epoch and none of the old records, and fences the old owner", async () => {
        const old = await expired(() => written("old"));
        const lease = await log.acquire(logId, owner);
        if (!lease) throw new Error("the lease was not free");
        expect(lease).toMatchObject({ seq: 0, stop: false });
        expect(lease.epoch).toBeGreaterThan(old.epoch);
        await expect(log.append(logId, { epoch: old.epoch, seq: 0 }, ["late"])).rejects.toMatchObject({
          code: "fenced",
        });
        await log.append(logId, { epoch: lease.epoch, seq: 0 }, ["a"]);
        expect((await records()).map((record) => record.payload)).toEqual(["a"]);
        expect(await log.read(logId, old, page)).toEqual({ type: "diverged" });
      });

      it("is a log that stays", async () => {
        await expired(async () => (await log.append(logId, "any", ["old"])).position);
        await log.append(logId, "any", ["a"]);
        await new Promise((resolve) => setTimeout(resolve, 40));
        expect(await log.head(logId)).toMatchObject({ seq: 1 });
      });
    });

    describe("follow", () => {
      it("catches up, then waits for more, without a gap or a double", async () => {
        let end = await written("1", "2", "3");
        const controller = new AbortController();
        const seen: string[] = [];
        const following = (async () => {
          for await (const batch of follow(log, logId, start, {
            signal: controller.signal,
            limit: { count: 2, chars: 100 },
          })) {
            if (batch.type !== "records") throw new Error(batch.type);
            for (const record of batch.records) seen.push(record.payload);
            if (seen.length === 40) controller.abort();
          }
        })();
        for (let number = 4; number <= 40; number++) {
          end = (await log.append(logId, end, [String(number)])).position;
          if (number % 7 === 0) await new Promise((resolve) => setTimeout(resolve, 2));
        }
        await following;
        expect(seen).toEqual(Array.from({ length: 40 }, (_, index) => String(index + 1)));
      });

      it("finds what a lost wake-up did not tell, by polling", async () => {
        let end = await written("a");
        const signal = AbortSignal.timeout(10_000);
        const seen: string[] = [];
        const deaf: RecordLog = {
          ...log,
          watch: () => () => undefined,
          // What comes after it is told that there is nothing more: whoever does not look again waits for ever.
          async read(...args) {
            const page = await log.read(...args);
            if (page.type === "records" && page.records.length === 0)
              end = (await log.append(logId, end, [`after ${seen.length}`])).position;
            return page;
          },
        };
        for await (const batch of follow(deaf, logId, start, { signal, pollMs: 20 })) {
          if (batch.type !== "records") throw new Error(batch.type);
          seen.push(...batch.records.map((record) => record.payload));
          if (seen.length === 3) break;
        }
        expect(seen).toEqual(["a", "after 1", "after 2"]);
      });

      it("says once that a position has diverged, and ends", async () => {
        await written("a");
        const batches = [];
        for await (const batch of follow(log, logId, { epoch: 9, seq: 1 }, { signal: new AbortController().signal })) {
          batches.push(batch.type);
        }
        expect(batches).toEqual(["diverged"]);
      });

      it.each(["its first record", "more"])(
        "is told when the log is removed while it waits for %s",
        async (awaited) => {
          const lease = await log.acquire(logId, owner);
          if (!lease) throw new Error("the lease was not free");
          if (awaited === "more") await log.append(logId, { epoch: lease.epoch, seq: 0 }, ["a"]);
          setTimeout(() => void log.expire(logId, 0), 20);
          const { signal } = new AbortController();
          const batches = [];
          for await (const batch of follow(log, logId, start, { signal, pollMs: 60_000 })) batches.push(batch.type);
          expect(batches.at(-1)).toBe("diverged");
        },
      );

      it("is told by polling when a log that was never written has expired", async () => {
        await log.acquire(logId, owner);
        await log.expire(logId, 30);
        const { signal } = new AbortController();
        const batches = [];
        for await (const batch of follow(log, logId, start, { signal, pollMs: 10 })) batches.push(batch.type);
        expect(batches).toEqual(["diverged"]);
      });

      it("waits for a log that is still to be made", async () => {
        const { signal } = new AbortController();
        setTimeout(() => void log.append(logId, "any", ["a"]), 30);
        for await (const batch of follow(log, logId, start, { signal, pollMs: 10 })) {
          expect(batch).toMatchObject({ type: "records", records: [{ payload: "a" }] });
          break;
        }
      });

      it("ends at once when aborted while waiting", async () => {
        await written("a");
        const controller = new AbortController();
        const batches = [];
        for await (const batch of follow(log, logId, start, { signal: controller.signal, pollMs: 60_000 })) {
          batches.push(batch.type);
          setTimeout(() => controller.abort(), 10);
        }
        expect(batches).toEqual(["records"]);
      });

      it("stores before it tells", async () => {
        let end = await written("a");
        const unstored: number[] = [];
        let reading = Promise.resolve();
        log.watch(logId, () => {
          reading = reading.then(async () => {
            const head = await log.head(logId);
            const result = await log.read(logId, { epoch: end.epoch, seq: 1 }, page);
            if (result.type !== "records" || result.records.length === 0) unstored.push(head?.seq ?? 0);
          });
        });
        end = (await log.append(logId, end, ["b"])).position;
        await new Promise((resolve) => setTimeout(resolve, 20));
        await reading;
        expect(unstored).toEqual([]);
      });
    });
  });
}
