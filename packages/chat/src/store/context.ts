/** What every part of the store is given. Made in index.ts. */
import type { Kysely } from "kysely";
import type { Changes } from "./changes.ts";
import type { Schema } from "./schema.ts";

export interface StoreContext {
  database: Kysely<Schema>;
  now: () => number;
  /** To be told after each transaction that changes what an owner sees. */
  changes: Changes;
}
