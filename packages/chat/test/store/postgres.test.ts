import { openPgBouncer, openPostgres, type Postgres } from "@typebar/testing";
import { CompiledQuery, Kysely, PostgresDialect, sql } from "kysely";
import { Pool } from "pg";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { migrate, migrationNames } from "../../src/store/migrations.ts";
import { openPostgresDatabase } from "../../src/store/postgres.ts";
import type { Schema } from "../../src/store/schema.ts";
import { StoreUnavailableError } from "../../src/store/unavailable.ts";
import { type OpenedDatabase, testChatStore } from "./chat-store-contract.ts";
import { testMessageStore } from "./message-store-contract.ts";
import { testSearchStore } from "./search-store-contract.ts";
import { testTransferStore } from "./transfer-store-contract.ts";
import { testUpgrades } from "./upgrade-contract.ts";

const explain: OpenedDatabase["explain"] = (database, { sql: text, parameters }) =>
  database.transaction().execute(async (transaction) => {
    // Of so few rows all would be read.
    await sql`SET LOCAL enable_seqscan = off`.execute(transaction);
    const query = CompiledQuery.raw(`EXPLAIN ${text}`, [...parameters]);
    return JSON.stringify((await transaction.executeQuery(query)).rows);
  });

async function open(): Promise<OpenedDatabase> {
  const postgres = await openPostgres();
  return {
    connect: () => {
      const pool = new Pool({ connectionString: postgres.url, max: 10 });
      // A connection that is still closing is told when the server ends.
      pool.on("error", () => undefined);
      return new Kysely<Schema>({ dialect: new PostgresDialect({ pool }) });
    },
    explain,
    close: () => postgres.close(),
  };
}

/** In transaction mode, with fewer connections than are asked for. */
async function openPooled(): Promise<OpenedDatabase> {
  const postgres = await openPostgres();
  const pooler = await openPgBouncer(postgres);
  return {
    connect: () => openPostgresDatabase({ url: pooler.url }),
    explain,
    async close() {
      await pooler[Symbol.asyncDispose]();
      await postgres.close();
    },
  };
}

describe("chat store on PostgreSQL", () => testChatStore(open));
describe("chat store on PostgreSQL behind PgBouncer", () => testChatStore(openPooled));
describe("PostgreSQL behind PgBouncer", () => {
  test("is brought up to date by one of several servers that start at a time, and nobody keeps the lock", async () => {
    const { connect, close } = await openPooled();
    const databases = Array.from({ length: 8 }, connect);
    const done = await Promise.all(databases.map((database) => migrate(database)));
    expect(done.map((steps) => steps.length).toSorted((a, b) => b - a)).toEqual([
      migrationNames.length,
      ...Array(7).fill(0),
    ]);
    const [database] = databases;
    if (!database) throw new Error("there is no database");
    const locks = await sql`SELECT * FROM pg_locks WHERE locktype = 'advisory'`.execute(database);
    expect(locks.rows).toEqual([]);
    await Promise.all(databases.map((one) => one.destroy()));
    await close();
  });
});

describe("message store on PostgreSQL", () => testMessageStore(open));
describe("search on PostgreSQL", () => testSearchStore(open));
describe("transfer on PostgreSQL", () => testTransferStore(open));

describe("upgrades on PostgreSQL", () => {
  let opened: OpenedDatabase;
  beforeAll(async () => {
    opened = await open();
  });
  afterAll(() => opened.close());
  testUpgrades(async () => {
    const database = opened.connect();
    await sql`DROP SCHEMA public CASCADE`.execute(database);
    await sql`CREATE SCHEMA public`.execute(database);
    return database;
  });
});

describe.each([
  ["a connection of its own", async (url: string) => ({ url, [Symbol.asyncDispose]: async () => undefined })],
  ["PgBouncer", async (_: string, postgres: Postgres) => openPgBouncer(postgres)],
] as const)("PostgreSQL by %s", (_, openUrl) => {
  test("ends a transaction whose statement takes too long, or that does nothing", async () => {
    const postgres = await openPostgres();
    await using way = await openUrl(postgres.url, postgres);
    await using database = openPostgresDatabase({ url: way.url, statementTimeoutMs: 400 });
    const others = Array.from({ length: 5 }, () => sql`SELECT 1`.execute(database));
    const slow = database.transaction().execute((transaction) => sql`SELECT pg_sleep(60)`.execute(transaction));
    await expect(slow).rejects.toMatchObject({ code: "57014" });
    await Promise.all(others);
    await sql`CREATE TABLE things (id integer)`.execute(database);
    const { promise: locked, resolve: onLocked } = Promise.withResolvers<void>();
    const { promise: over, resolve: end } = Promise.withResolvers<void>();
    const idle = database.transaction().execute(async (transaction) => {
      await sql`LOCK TABLE things`.execute(transaction);
      onLocked();
      await over;
    });
    idle.catch(() => undefined);
    await locked;
    // Waits for the lock, which nobody gives up, and then no longer.
    await vi.waitFor(() => sql`INSERT INTO things VALUES (1)`.execute(database), { timeout: 20_000, interval: 10 });
    end();
    await expect(idle).rejects.toBeInstanceOf(StoreUnavailableError);
    await postgres.close();
  });
});
