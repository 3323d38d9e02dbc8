import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { DatabaseSync } from "node:sqlite";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { openSqliteLog } from "../src/drivers/sqlite/index.ts";
import { start } from "../src/index.ts";
import { testRecordLog } from "./record-log-contract.ts";

let folder: string;
beforeEach(() => void (folder = mkdtempSync(join(tmpdir(), "typebar-log-"))));
afterEach(() => rmSync(folder, { recursive: true, force: true }));

testRecordLog("sqlite", () => openSqliteLog({ path: join(folder, "log.db") }));

const page = { count: 100_000, chars: 100_000_000 };
const owner = { holder: "test", ttlMs: 60_000 };

function countRows(path: string, table: "logs" | "journal" | "segments"): number {
  const database = new DatabaseSync(path);
  const row = database.prepare(`SELECT count(*) AS rows FROM ${table}`).get();
  database.close();
  return Number(row?.["rows"]);
}

describe("sqlite log", () => {
  it("keeps records and epochs over a restart, and frees the lease of the dead owner at once", async () => {
    const path = join(folder, "log.db");
    const before = openSqliteLog({ path });
    const lease = await before.acquire("a", owner);
    await before.append("a", { epoch: 1, seq: 0 }, ["x", "y"]);
    await before.requestStop("a");
    await before[Symbol.asyncDispose]();

    await using after = openSqliteLog({ path });
    expect(await after.head("a")).toEqual({ epoch: 1, seq: 2, trimmedSeq: 0, stop: true });
    expect(await after.acquire("a", owner)).toMatchObject({ epoch: (lease?.epoch ?? 0) + 1, seq: 2, stop: true });
    await expect(after.append("a", { epoch: 1, seq: 2 }, ["late"])).rejects.toMatchObject({ code: "fenced" });
  });

  it("refuses a file that another process holds", async () => {
    const path = join(folder, "log.db");
    await using _held = openSqliteLog({ path });
    expect(() => openSqliteLog({ path })).toThrow(expect.objectContaining({ code: "locked" }));
  });

  it("refuses a damaged file, a foreign one and one of another version, and changes nothing in it", async () => {
    const damaged = join(folder, "damaged.db");
    writeFileSync(damaged, "this was a database once ".repeat(1000));
    const bytes = readFileSync(damaged);
    expect(() => openSqliteLog({ path: damaged })).toThrow(expect.objectContaining({ code: "damaged" }));
    expect(readFileSync(damaged).equals(bytes)).toBe(true);

    const foreign = join(folder, "foreign.db");
    const database = new DatabaseSync(foreign);
    database.exec("CREATE TABLE theirs (a)");
    database.close();
    const before = readFileSync(foreign);
    expect(() => openSqliteLog({ path: foreign })).toThrow(/not a Typebar log/);
    expect(readFileSync(foreign).equals(before)).toBe(true);

    const newer = join(folder, "newer.db");
    await openSqliteLog({ path: newer })[Symbol.asyncDispose]();
    const tampered = new DatabaseSync(newer);
    tampered.exec("PRAGMA user_version = 99");
    tampered.close();
    expect(() => openSqliteLog({ path: newer })).toThrow(/another version/);
  });

  it("refuses a place that cannot be written to", () => {
    writeFileSync(join(folder, "file"), "");
    expect(() => openSqliteLog({ path: join(folder, "file", "log.db") })).toThrow(
      expect.objectContaining({ code: "unwritable" }),
    );
  });

  it("rejects appends while the disk is full, stores nothing of them, and goes on when there is room", async () => {
    await using log = openSqliteLog({ path: join(folder, "log.db"), maxBytes: 100_000 });
    await log.acquire("keep", owner);
    await log.append("keep", { epoch: 1, seq: 0 }, ["first"]);
    for (let filled = 0; ; filled++) {
      try {
        await log.append(`junk-${filled}`, "any", ["x".repeat(10_000)]);
      } catch (error) {
        expect(error).toMatchObject({ code: "unavailable" });
        break;
      }
    }
    await expect(log.append("keep", { epoch: 1, seq: 1 }, ["y".repeat(10_000)])).rejects.toMatchObject({
      code: "unavailable",
    });
    expect(await log.head("keep")).toMatchObject({ seq: 1 });
    await log.expire("junk-0", 0);
    await log.expire("junk-1", 0);
    await log.append("keep", { epoch: 1, seq: 1 }, ["y".repeat(10_000)]);
    expect(await log.head("keep")).toMatchObject({ seq: 2 });
  });

  it("removes expired logs from the file", async () => {
    let nowMs = 1000;
    const path = join(folder, "log.db");
    await using log = openSqliteLog({ path, now: () => nowMs, expiryIntervalMs: 5 });
    for (const id of ["a", "b", "c"]) {
      await log.append(id, "any", ["x"]);
      if (id !== "c") await log.expire(id, 100);
    }
    nowMs = 2000;
    await expect
      .poll(async () => {
        nowMs = 1050; // Back before the deadline: only a log that was really removed is still gone.
        const heads = await Promise.all(["a", "b", "c"].map((id) => log.head(id)));
        nowMs = 2000;
        return heads.map((head) => head !== undefined);
      })
      .toEqual([false, false, true]);
  });

  it("keeps a channel made again in the place of an expired one, over a full disk and a restart", async () => {
    let nowMs = 1_000_000;
    const path = join(folder, "log.db");
    const log = openSqliteLog({ path, now: () => nowMs, maxBytes: 100_000 });
    const old = await log.append("channel", "any", ["old"]);
    await log.expire("channel", 100);
    nowMs += 200;
    await expect(log.append("channel", "any", ["x".repeat(200_000)])).rejects.toMatchObject({ code: "unavailable" });
    expect(await log.head("channel")).toBeUndefined();
    await log.append("other", "any", ["x"]);
    const again = await log.append("channel", "any", ["a", "b"]);
    expect(again.position.epoch).toBeGreaterThan(old.position.epoch);
    nowMs += 10_000;
    await log.append("other", "any", ["y"]);
    await log.append("channel", "any", ["c"]);
    await log[Symbol.asyncDispose]();
    await using opened = openSqliteLog({ path, now: () => nowMs });
    const result = await opened.read("channel", start, page);
    expect(result).toMatchObject({ records: [{ payload: "a" }, { payload: "b" }, { payload: "c" }] });
  });

  it("reads one log the same from the journal, from segments and across both", async () => {
    let nowMs = 1_000_000;
    const path = join(folder, "log.db");
    const log = openSqliteLog({ path, now: () => nowMs, monotonicNow: () => nowMs });
    const expected: string[] = [];
    for (const holder of ["first", "second"]) {
      const lease = await log.acquire("log", { holder, ttlMs: 10 });
      if (!lease) throw new Error("the lease was not free");
      for (let round = 0; round < 700; round++) {
        const payload = `${holder} ${round} 漢字`;
        expected.push(payload);
        await log.append("log", { epoch: lease.epoch, seq: expected.length - 1 }, [payload]);
        await log.append("other", "any", ["x"]);
        // Now and then the journal is old enough to be moved.
        if (round % 97 === 0) nowMs += 2000;
      }
      nowMs += 100;
    }
    const check = async (opened: typeof log): Promise<void> => {
      for (const seq of [0, 1, 96, 97, 98, 512, 699, 700, 701, 1399, 1400]) {
        const result = await opened.read("log", { epoch: seq <= 700 ? 1 : 2, seq }, page);
        if (result.type !== "records") throw new Error(`${seq} ${result.type}`);
        expect(result.records.map((record) => record.payload)).toEqual(expected.slice(seq));
        expect(result.records.map((record) => record.seq)).toEqual(
          expected.slice(seq).map((_, index) => seq + index + 1),
        );
      }
    };
    await check(log);
    await log[Symbol.asyncDispose]();
    await using again = openSqliteLog({ path, now: () => nowMs });
    await check(again);
  });

  it("keeps the epoch of a log over a restart, though nothing was written under it", async () => {
    const path = join(folder, "log.db");
    const before = openSqliteLog({ path });
    const lease = await before.acquire("unwritten", owner);
    await before[Symbol.asyncDispose]();
    await using after = openSqliteLog({ path });
    expect(await after.acquire("unwritten", owner)).toMatchObject({ epoch: (lease?.epoch ?? 0) + 1, seq: 0 });
  });

  it("moves records out of the journal in their time, though the wall clock is set back", async () => {
    let wallMs = 10_000_000;
    let monotonicMs = 0;
    const path = join(folder, "log.db");
    const log = openSqliteLog({ path, now: () => wallMs, monotonicNow: () => monotonicMs });
    await log.append("before", "any", ["x"]);
    wallMs -= 3_600_000;
    await log.append("after", "any", ["y"]);
    monotonicMs += 5000;
    await log.append("late", "any", ["z"]);
    await log[Symbol.asyncDispose]();
    expect(countRows(path, "journal")).toBe(1);
    expect(countRows(path, "segments")).toBe(2);
  });

  it("keeps rows small whose records are large, and reads them all", async () => {
    const path = join(folder, "log.db");
    const payloads = Array.from({ length: 50 }, (_, index) =>
      String(index % 10).repeat(index === 7 ? 100_000 : 10_000),
    );
    const log = openSqliteLog({ path });
    await log.append("log", "any", payloads);
    await log[Symbol.asyncDispose]();
    await using again = openSqliteLog({ path });
    const result = await again.read("log", start, page);
    expect(result.type === "records" && result.records.map((record) => record.payload)).toEqual(payloads);
    await again[Symbol.asyncDispose]();
    const database = new DatabaseSync(path);
    const longest = database
      .prepare("SELECT max(length(body)) AS chars FROM segments WHERE last_seq > first_seq")
      .get();
    database.close();
    expect(longest?.["chars"]).toBeLessThan(70_000);
  });

  it("loses no acknowledged append to kill -9", async () => {
    for (let round = 0; round < (process.env["TYPEBAR_TEST_LONG"] ? 30 : 4); round++) {
      const path = join(folder, `round-${round}.db`);
      const child = spawn(
        process.execPath,
        ["--conditions", "typebar-source", join(import.meta.dirname, "append-forever.ts"), path],
        {
          stdio: ["ignore", "pipe", "inherit"],
        },
      );
      let acknowledged = 0;
      const lines = createInterface({ input: child.stdout });
      lines.on("line", (line) => {
        acknowledged = Number(line);
        if (acknowledged > 200 + round * 37) child.kill("SIGKILL");
      });
      await Promise.all([once(child, "exit"), once(lines, "close")]);
      await using log = openSqliteLog({ path });
      const result = await log.read("log", start, page);
      if (result.type !== "records") throw new Error(result.type);
      expect(result.records.length).toBeGreaterThanOrEqual(acknowledged);
      expect(result.records.map((record) => record.payload)).toEqual(
        result.records.map((record) => `payload ${record.seq}`),
      );
    }
  });
});
