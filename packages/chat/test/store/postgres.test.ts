import { openPostgres } from "@typebar/testing";
import { Kysely, PostgresDialect } from "kysely";
import { Pool } from "pg";
import { describe } from "vitest";
import type { Schema } from "../../src/store/schema.ts";
import { type OpenedDatabase, testChatStore } from "./chat-store-contract.ts";
import { testMessageStore } from "./message-store-contract.ts";
import { testSearchStore } from "./search-store-contract.ts";

async function open(): Promise<OpenedDatabase> {
  const postgres = await openPostgres();
  return {
    connect: () => {
      const pool = new Pool({ connectionString: postgres.url, max: 10 });
      // A connection that is still closing is told when the server ends.
      pool.on("error", () => undefined);
      return new Kysely<Schema>({ dialect: new PostgresDialect({ pool }) });
    },
    close: () => postgres.close(),
  };
}

describe("chat store on PostgreSQL", () => testChatStore(open));
describe("message store on PostgreSQL", () => testMessageStore(open));
describe("search on PostgreSQL", () => testSearchStore(open));
