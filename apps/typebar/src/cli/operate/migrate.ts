/** `typebar migrate`: brings the database up to date, before the servers that need it start. */
import { migrate, readMigrationState } from "@typebar/chat/operate";
import { openStores } from "../../stores.ts";
import { exitCodes } from "../exit-codes.ts";
import type { Operation } from "./operation.ts";

export const migrateOperation: Operation = {
  name: "migrate",
  help: [
    "brings the database up to date. The server does the same when it starts; this is for where its user may not",
    "change tables. Other servers may run meanwhile.",
  ],
  async run(config) {
    const { log, openDatabase, database: place } = openStores(config);
    await using _log = log;
    await using database = openDatabase();
    const done = await migrate(database);
    const { latest } = await readMigrationState(database);
    console.log(done.length === 0 ? `${place} is up to date (${latest}).` : `${place}: done ${done.join(", ")}.`);
    return exitCodes.done;
  },
};
