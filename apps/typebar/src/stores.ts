/** Where everything is kept: on this machine, or in PostgreSQL and Redis that several servers share. Called by server.ts; with it the only place that knows the drivers. */
import { join, resolve } from "node:path";
import { type ChatStoreOptions, openSqliteDatabase } from "@typebar/chat";
import { openPostgresDatabase } from "@typebar/chat/postgres";
import type { RecordLog } from "@typebar/log";
import { openRedisLog } from "@typebar/log/redis";
import { openSqliteLog } from "@typebar/log/sqlite";
import type { Config } from "./config/load-config.ts";

export interface Stores {
  log: RecordLog;
  openDatabase: () => ChatStoreOptions["database"];
  /** Where conversations are, for people; without a password. */
  database: string;
  /** The same, and where running answers are. */
  place: string;
}

/** @throws {LogError} "locked", "damaged", "unwritable"; from `openDatabase` {DatabaseFileError}. */
export function openStores({ dataDir, shared }: Pick<Config, "dataDir" | "shared">): Stores {
  return shared ? openShared(shared) : openOwn(resolve(dataDir));
}

function openOwn(dataDir: string): Stores {
  return {
    // First, because its lock keeps a second process away from everything else in the folder.
    log: openSqliteLog({ path: join(dataDir, "log.db") }),
    openDatabase: () => openSqliteDatabase(join(dataDir, "typebar.db")),
    database: dataDir,
    place: dataDir,
  };
}

function openShared({ databaseUrl, redisUrl }: NonNullable<Config["shared"]>): Stores {
  const database = `PostgreSQL at ${hostOf(databaseUrl)}`;
  return {
    log: openRedisLog({ url: redisUrl }),
    openDatabase: () => openPostgresDatabase({ url: databaseUrl }),
    database,
    place: `${database}, answers under way in Redis at ${hostOf(redisUrl)}`,
  };
}

function hostOf(url: string): string {
  const { host, pathname } = new URL(url);
  return host === "" ? pathname : `${host}${pathname === "/" ? "" : pathname}`;
}
