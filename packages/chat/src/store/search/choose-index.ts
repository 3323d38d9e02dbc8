/** The database that is used -> its index of conversations. Asked by the store and by the migration that makes the index. */
import { type DialectAdapter, PostgresAdapter, SqliteAdapter } from "kysely";
import { postgresIndex } from "./postgres-index.ts";
import type { Queries, SearchIndex } from "./search-index.ts";
import { sqliteIndex } from "./sqlite-index.ts";

const indexes: readonly (readonly [adapter: new () => DialectAdapter, index: SearchIndex])[] = [
  [SqliteAdapter, sqliteIndex],
  [PostgresAdapter, postgresIndex],
];

/** @throws {TypeError} of a database that the store does not know. */
export function chooseIndex(queries: Queries): SearchIndex {
  const { adapter } = queries.getExecutor();
  const found = indexes.find(([Adapter]) => adapter instanceof Adapter);
  if (!found) throw new TypeError("the store knows SQLite and PostgreSQL");
  return found[1];
}
