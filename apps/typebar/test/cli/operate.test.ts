/** `typebar migrate`, `doctor`, `export` and `import`, as their own processes, on real SQLite, PostgreSQL and Redis. */
import { mkdtemp, readdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { createClient } from "@redis/client";
import {
  openPgBouncer,
  openPostgres,
  openRedis,
  openRedisCluster,
  openScriptedModel,
  openTypebarProcess,
  scriptedAnswer,
} from "@typebar/testing";
import { Client } from "pg";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { runTypebar } from "../program/run-typebar.ts";
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

async function tellRedis(url: string, ...commands: string[][]): Promise<void> {
  const client = createClient({ url });
  await client.connect();
  for (const command of commands) await client.sendCommand(command);
  client.destroy();
}

async function tellPostgres(url: string, ...statements: string[]): Promise<void> {
  const client = new Client({ connectionString: url });
  await client.connect();
  for (const statement of statements) await client.query(statement);
  await client.end();
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
      expect((await stat(join(dir, "second"))).mode & 0o777).toBe(0o700);
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

describe("typebar export of nothing", () => {
  test("is refused, and makes no folder where the name was mistyped", { timeout }, async () => {
    const dataDir = join(dir, "mistyped");
    const path = join(dir, "nothing.jsonl");
    expect(await run(["export", path], { TYPEBAR_DATA: dataDir })).toMatchObject({
      code: 1,
      stderr: expect.stringMatching(/^There is nothing in the data folder .*mistyped\. Set TYPEBAR_DATA/),
    });
    await using shared = await openShared();
    expect(await run(["export", path], shared.env)).toMatchObject({
      code: 1,
      stderr: expect.stringMatching(/^PostgreSQL at \S+ is empty: /),
    });
    expect(await readdir(dir)).not.toEqual(expect.arrayContaining(["mistyped"]));
    expect(await readdir(dir)).not.toEqual(expect.arrayContaining(["nothing.jsonl"]));
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
    expect((await run(["doctor"], env)).stdout).toMatch(/PROBLEM.*\n.*pool_mode to transaction/);
    await expect(openTypebarProcess({ env })).rejects.toThrow("pool_mode to transaction");
  });

  test(
    "sees a Redis that is full, and one that throws answers away; a server says the same when it starts",
    { timeout },
    async () => {
      await using shared = await openShared();
      const { redis, env } = shared;
      await tellRedis(redis.url, ["CONFIG", "SET", "maxmemory", "500kb"]);
      const full = await run(["doctor"], env);
      expect(full.stdout).toMatch(/PROBLEM +It has used \d+ % of the memory that it may/);
      expect(full.code).toBe(1);
      await tellRedis(redis.url, ["CONFIG", "SET", "maxmemory", "1gb"]);
      expect((await run(["doctor"], env)).stdout).toMatch(/ok +It has used \d+ % of the memory/);
      await tellRedis(redis.url, ["CONFIG", "SET", "maxmemory-policy", "allkeys-lru"]);
      expect((await run(["doctor"], env)).stdout).toMatch(/PROBLEM +Its maxmemory-policy is allkeys-lru/);
      await using node = await openTypebarProcess({ env });
      await vi.waitFor(() => expect(node.output).toContain("Redis: Its maxmemory-policy is allkeys-lru"), {
        timeout: 20_000,
      });
    },
  );
});

describe("an engine that does not let Typebar in", () => {
  test("is told apart from one that is not there, by the doctor and by a start alike", { timeout }, async () => {
    await using postgres = {
      ...(await openPostgres({ durable: true })),
      [Symbol.asyncDispose]: () => postgres.close(),
    };
    await using redis = await openRedis();
    const good = { DATABASE_URL: postgres.url, REDIS_URL: redis.url };
    await run(["migrate"], good);
    await tellPostgres(postgres.url, "CREATE ROLE reader LOGIN");
    await tellRedis(redis.url, ["CONFIG", "SET", "requirepass", "right"]);
    const rightRedis = redis.url.replace("//", "//:right@");
    const local = (user: string, rest: string): string => `postgresql://${user}@127.0.0.1:${postgres.port}/${rest}`;
    const cases: [sentence: string, env: Partial<typeof good>][] = [
      ["Redis refuses the user or the password", { REDIS_URL: redis.url }],
      ["Redis refuses the user or the password", { REDIS_URL: redis.url.replace("//", "//:secret@") }],
      ["Redis has no database of the number", { REDIS_URL: `${rightRedis}/99` }],
      ["does not let the user of DATABASE_URL in", { DATABASE_URL: local("nobody:secret", "postgres") }],
      [
        "asks for TLS, which PostgreSQL does not speak",
        { DATABASE_URL: local("postgres", "postgres?sslmode=verify-full") },
      ],
      ["has no database of the name", { DATABASE_URL: local("postgres", "absent") }],
      [
        "or not use those that there are. Give it the right: docs/en/several-servers.md",
        { DATABASE_URL: local("reader", "postgres") },
      ],
      ["cannot be reached: nothing listens", { DATABASE_URL: "postgresql://ann:secret@127.0.0.1:9/x" }],
    ];
    for (const [sentence, wrong] of cases) {
      const env = { ...good, REDIS_URL: rightRedis, ...wrong };
      const [started, looked] = await Promise.all([runTypebar(env), run(["doctor"], env)]);
      expect(started.stderr).toContain(sentence);
      expect(started.stderr.trim().split("\n")).toHaveLength(1);
      expect(looked.stdout.replaceAll(/\n +/g, " ")).toContain(sentence);
      expect(looked.code).toBe(1);
      expect(started.stderr + looked.stdout + looked.stderr).not.toMatch(/secret|right@/);
    }
  });
});
