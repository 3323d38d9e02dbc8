import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { CompiledQuery } from "kysely";
import { describe } from "vitest";
import { openSqliteDatabase } from "../../src/store/sqlite.ts";
import { type OpenedDatabase, testChatStore } from "./chat-store-contract.ts";
import { testMessageStore } from "./message-store-contract.ts";
import { testSearchStore } from "./search-store-contract.ts";
import { testTransferStore } from "./transfer-store-contract.ts";
import { testUpgrades } from "./upgrade-contract.ts";

async function open(): Promise<OpenedDatabase> {
  const dir = mkdtempSync(join(tmpdir(), "typebar-store-"));
  return {
    connect: () => openSqliteDatabase(join(dir, "typebar.db")),
    explain: async (database, { sql: text, parameters }) => {
      const query = CompiledQuery.raw(`EXPLAIN QUERY PLAN ${text}`, [...parameters]);
      return JSON.stringify((await database.executeQuery(query)).rows);
    },
    close: async () => rmSync(dir, { recursive: true }),
  };
}

describe("chat store on SQLite", () => testChatStore(open));
describe("message store on SQLite", () => testMessageStore(open));
describe("search on SQLite", () => testSearchStore(open));
describe("transfer on SQLite", () => testTransferStore(open));
describe("upgrades on SQLite", () => testUpgrades(async () => openSqliteDatabase(":memory:")));
