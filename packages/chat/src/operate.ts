/** What the commands of operators need of the chat's store, beside the server. */
export { type DumpedRow, dumpedTables, dumpRows, loadRows, NotEmptyError } from "./store/dump.ts";
export { migrate, type MigrationState, readMigrationState } from "./store/migrations.ts";
export { chooseNode } from "./nodes/rendezvous.ts";
