import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe } from "vitest";
import { openSqliteDatabase } from "../../src/store/sqlite.ts";
import { testChatStore } from "./chat-store-contract.ts";

describe("chat store on SQLite", () => {
  testChatStore(async () => {
    const dir = mkdtempSync(join(tmpdir(), "typebar-store-"));
    return {
      connect: () => openSqliteDatabase(join(dir, "typebar.db")),
      close: async () => rmSync(dir, { recursive: true }),
    };
  });
});
