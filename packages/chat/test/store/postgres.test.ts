import { openPostgres } from "@typebar/testing";
import { CompiledQuery, Kysely, PostgresDialect, sql } from "kysely";
import { Pool } from "pg";
import { afterAll, beforeAll, describe } from "vitest";
import type { Schema } from "../../src/store/schema.ts";
import { type OpenedDatabase, testChatStore } from "./chat-store-contract.ts";
import { testMessageStore } from "./message-store-contract.ts";
import { testSearchStore } from "./search-store-contract.ts";
import { testTransferStore } from "./transfer-store-contract.ts";
import { testUpgrades } from "./upgrade-contract.ts";

async function open(): Promise<OpenedDatabase> {
  const postgres = await openPostgres();
  return {
    connect: () => {
      const pool = new Pool({ connectionString: postgres.url, max: 10 });
      // A connection that is still closing is told when the server ends.
      pool.on("error", () => undefined);
      return new Kysely<Schema>({ dialect: new PostgresDialect({ pool }) });
    },
    explain: (database, { sql: text, parameters }) =>
      database.transaction().execute(async (transaction) => {
        // Of so few rows all would be read.
        await sql`SET LOCAL enable_seqscan = off`.execute(transaction);
        const query = CompiledQuery.raw(`EXPLAIN ${text}`, [...parameters]);
        return JSON.stringify((await transaction.executeQuery(query)).rows);
      }),
    close: () => postgres.close(),
  };
}

describe("chat store on PostgreSQL", () => testChatStore(open));
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
