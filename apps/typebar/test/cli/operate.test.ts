/** `typebar migrate`, `doctor`, `export` and `import`, as their own processes, on real SQLite, PostgreSQL and Redis. */
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import {
  openPgBouncer,
  openPostgres,
  openRedis,
  openRedisCluster,
  openScriptedModel,
  openTypebarProcess,
  scriptedAnswer,
} from "@typebar/testing";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { openCommand } from "./command.ts";

const timeout = 90_000;
let dir: string;
beforeAll(async () => void (dir = await mkdtemp(join(tmpdir(), "typebar-operate-"))));
afterAll(() => rm(dir, { recursive: true, force: true }));

interface Ran {
  code: number | null;
  stdout: string;
  stderr: string;
}

async function run(args: readonly string[], env: Record<string, string> = {}): Promise<Ran> {
  await using command = openCommand({
    args,
    env: { TYPEBAR_DISCOVER_PORTS: "", TYPEBAR_DATA: join(dir, "none"), ...env },
  });
  const code = await command.ended;
  return { code, stdout: command.stdout, stderr: command.stderr };
}

async function openShared() {
  const [postgres, redis] = await Promise.all([openPostgres(), openRedis({ persistence: "always" })]);
  return {
    redis,
    env: { DATABASE_URL: postgres.url, REDIS_URL: redis.url },
    async [Symbol.asyncDispose]() {
      await Promise.all([postgres.close(), redis.close()]);
    },
  };
}

const ask = (url: string, body: object): Promise<Response> =>
  fetch(`${url}/api/chat`, {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify(body),
  });

const lines = async (path: string): Promise<string[]> => (await readFile(path, "utf8")).split("\n").slice(0, -1);

describe("typebar export and import", () => {
  test(
    "move everything from SQLite to PostgreSQL and back, row for row, and an answer that was cut off goes on",
    { timeout },
    async () => {
      await using model = await openScriptedModel();
      await using shared = await openShared();
      const env = { OPENAI_BASE_URL: model.url, TYPEBAR_MODEL: "scripted" };
      const dataDir = join(dir, "first");
      await using first = await openTypebarProcess({ env, dataDir });
      for (const message of ["script:plain:1:200", '\u{1F600} \u4F60\u597D "quoted" \\ back', "script:mixed:2:300"])
        await (await ask(first.url, { message })).text();
      const cutOff = "script:mixed:3:300 delay:5 hold:40";
      const response = await ask(first.url, { message: cutOff });
      const generationId = response.headers.get("typebar-generation") ?? "";
      const reader = response.body?.pipeThrough(new TextDecoderStream()).getReader();
      let seen = "";
      while (!seen.includes("text-delta")) seen += (await reader?.read())?.value ?? "";
      await first.kill("SIGKILL");

      const [toPostgres, fromPostgres, fromSqlite] = ["a", "b", "c"].map((name) => join(dir, `${name}.jsonl`)) as [
        string,
        string,
        string,
      ];
      expect(await run(["export", toPostgres], { TYPEBAR_DATA: dataDir })).toMatchObject({
        code: 0,
        stderr: expect.stringContaining("1 answers"),
      });
      expect(await run(["import", toPostgres], shared.env)).toMatchObject({ code: 0 });
      expect(await run(["export", fromPostgres], shared.env)).toMatchObject({ code: 0 });
      expect(await lines(fromPostgres)).toEqual(await lines(toPostgres));
      expect(await run(["import", fromPostgres], { TYPEBAR_DATA: join(dir, "second") })).toMatchObject({ code: 0 });
      expect(await run(["export", fromSqlite], { TYPEBAR_DATA: join(dir, "second") })).toMatchObject({ code: 0 });
      expect(await lines(fromSqlite)).toEqual(await lines(toPostgres));

      expect(await run(["import", toPostgres], shared.env)).toMatchObject({
        code: 1,
        stderr: expect.stringContaining("already"),
      });

      await using node = await openTypebarProcess({ env: { ...env, ...shared.env } });
      model.release(cutOff);
      await vi.waitFor(
        async () => {
          const generation = (await (await fetch(`${node.url}/api/generations/${generationId}`)).json()) as {
            state: string;
          };
          expect(generation.state).toBe("completed");
        },
        { timeout: 20_000, interval: 100 },
      );
      const generation = (await (await fetch(`${node.url}/api/generations/${generationId}`)).json()) as {
        conversationId: string;
      };
      const conversation = (await (
        await fetch(`${node.url}/api/conversations/${generation.conversationId}`)
      ).json()) as {
        messages: { parts: { text: string }[] }[];
      };
      expect(conversation.messages[1]?.parts[0]?.text).toBe(scriptedAnswer(cutOff));
      expect(model.violations).toEqual([]);
    },
  );

  test("a file that was cut off, changed or is none is refused, and nothing of it is kept", { timeout }, async () => {
    const dataDir = join(dir, "kept");
    await using first = await openTypebarProcess({ dataDir });
    await (await ask(first.url, { message: "What is Typebar?" })).text();
    await first.kill("SIGTERM");
    const path = join(dir, "whole.jsonl");
    await run(["export", path], { TYPEBAR_DATA: dataDir });
    const whole = await lines(path);
    const bad: Record<string, string[]> = {
      "not whole": whole.slice(0, -1),
      "out of place": whole.slice(1),
      "Line 2": [whole[0] ?? "", "not JSON", ...whole.slice(1)],
      "is at": [JSON.stringify({ typebarExport: 1, migration: "9999-later" }), ...whole.slice(1)],
    };
    for (const [complaint, content] of Object.entries(bad)) {
      await writeFile(path, content.map((line) => `${line}\n`).join(""));
      const target = { TYPEBAR_DATA: join(dir, "target") };
      expect(await run(["import", path], target)).toMatchObject({
        code: 1,
        stderr: expect.stringContaining(complaint),
      });
      expect((await run(["export", "-"], target)).stdout.trim().split("\n")).toHaveLength(2);
    }
    expect(await run(["import", join(dir, "absent")])).toMatchObject({
      code: 1,
      stderr: expect.stringContaining("cannot be read"),
    });
  });

  test("a folder that a server uses is left alone", { timeout }, async () => {
    await using typebar = await openTypebarProcess();
    const ran = await run(["export", "-"], { TYPEBAR_DATA: typebar.dataDir });
    expect(ran).toMatchObject({ code: 1, stdout: "", stderr: expect.stringContaining("Another Typebar is using") });
  });
});

describe("typebar migrate", () => {
  test("brings PostgreSQL up to date, once", { timeout }, async () => {
    await using shared = await openShared();
    expect((await run(["migrate"], shared.env)).stdout).toContain("0001-initial");
    expect((await run(["migrate"], shared.env)).stdout).toContain("is up to date");
  });

  test("refuses the database of a newer version in one sentence, as the server does", { timeout }, async () => {
    const dataDir = join(dir, "newer");
    await run(["migrate"], { TYPEBAR_DATA: dataDir });
    const database = new DatabaseSync(join(dataDir, "typebar.db"));
    database.exec("INSERT INTO kysely_migration (name, timestamp) VALUES ('9999-later', '2030-01-01T00:00:00.000Z')");
    database.close();
    const sentence = "The database belongs to a newer Typebar: it has been through 9999-later.";
    const ran = await run(["migrate"], { TYPEBAR_DATA: dataDir });
    expect(ran).toMatchObject({ code: 1, stderr: expect.stringContaining(sentence) });
    expect(ran.stderr.trim().split("\n")).toHaveLength(1);
    await expect(openTypebarProcess({ dataDir })).rejects.toThrow(sentence);
  });
});

describe("typebar doctor", () => {
  test("finds nothing wrong where nothing is, and tells no secret", { timeout }, async () => {
    await using shared = await openShared();
    await run(["migrate"], shared.env);
    const { code, stdout } = await run(["doctor"], {
      ...shared.env,
      OPENAI_BASE_URL: "http://127.0.0.1:9/v1",
      OPENAI_API_KEY: "sk-secret",
    });
    // The model server is not there, and that is all.
    expect(stdout.match(/PROBLEM.*/g)).toEqual([expect.stringContaining("does not list its models")]);
    expect(stdout).toContain("appendfsync always");
    expect(stdout).toContain("maxmemory-policy noeviction");
    expect(stdout).not.toContain("sk-secret");
    expect(code).toBe(1);
  });

  test("sees a Redis that forgets, tables that are missing and engines that are not there", { timeout }, async () => {
    await using postgres = { ...(await openPostgres()), [Symbol.asyncDispose]: () => postgres.close() };
    await using redis = await openRedis({ persistence: "no-file" });
    const forgetful = await run(["doctor"], { DATABASE_URL: postgres.url, REDIS_URL: redis.url });
    expect(forgetful.stdout).toContain("appendonly no");
    expect(forgetful.stdout).toContain("0001-initial");
    expect(forgetful.code).toBe(0);
    await redis.kill();
    const gone = await run(["doctor"], { DATABASE_URL: "postgresql://ann:secret@127.0.0.1:9/x", REDIS_URL: redis.url });
    expect(gone.code).toBe(1);
    expect(gone.stdout).toContain("PostgreSQL cannot be reached");
    expect(gone.stdout).toContain("Redis cannot be reached");
    expect(gone.stdout + gone.stderr).not.toContain("secret");
  });

  test(
    "says of PgBouncer how far it will do, and of a Redis Cluster that it will not, as the server does",
    { timeout },
    async () => {
      await using postgres = { ...(await openPostgres()), [Symbol.asyncDispose]: () => postgres.close() };
      await using pooler = await openPgBouncer(postgres);
      await using cluster = await openRedisCluster();
      const env = { DATABASE_URL: pooler.url, REDIS_URL: cluster.url };
      const { code, stdout } = await run(["doctor"], env);
      expect(stdout.match(/PROBLEM.*/g)).toEqual([expect.stringContaining("It is a Redis Cluster of 2 shards.")]);
      expect(stdout).toContain("A pooler such as PgBouncer stands before it");
      expect(code).toBe(1);
      await expect(openTypebarProcess({ env })).rejects.toThrow("REDIS_URL names a Redis Cluster of several shards");
    },
  );

  test("says of a pooler that allows no transactions what to set, as the server does", { timeout }, async () => {
    await using postgres = { ...(await openPostgres()), [Symbol.asyncDispose]: () => postgres.close() };
    await using pooler = await openPgBouncer(postgres, { mode: "statement" });
    await using redis = await openRedis();
    const env = { DATABASE_URL: pooler.url, REDIS_URL: redis.url };
    expect((await run(["doctor"], env)).stdout).toMatch(/PROBLEM.*pool_mode to transaction/);
    await expect(openTypebarProcess({ env })).rejects.toThrow("pool_mode to transaction");
  });
});
