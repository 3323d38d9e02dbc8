/** Opens log.db: exclusive lock, schema, and errors that say what is wrong. Called by the sqlite driver only. */
import { mkdirSync } from "node:fs";
import { dirname } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { LogError } from "../../record-log.ts";

/** "TYPL" in ASCII: tells our files from any other SQLite database. */
const applicationId = 0x5459504c;
const schemaVersion = 1;

const schema = `
  CREATE TABLE logs (
    -- Never used again: the journal may still hold records of a log that was removed.
    num INTEGER PRIMARY KEY AUTOINCREMENT,
    id TEXT NOT NULL UNIQUE,
    epoch INTEGER NOT NULL,
    trimmed_seq INTEGER NOT NULL DEFAULT 0,
    trimmed_epoch INTEGER NOT NULL DEFAULT 0,
    stop INTEGER NOT NULL DEFAULT 0,
    expires_at_ms INTEGER
  ) STRICT;
  CREATE INDEX logs_expiry ON logs (expires_at_ms) WHERE expires_at_ms IS NOT NULL;
  -- What was appended last, of all logs, in the order of its coming.
  CREATE TABLE journal (
    num INTEGER PRIMARY KEY,
    log INTEGER NOT NULL,
    seq INTEGER NOT NULL,
    epoch INTEGER NOT NULL,
    at_ms INTEGER NOT NULL,
    payload TEXT NOT NULL
  ) STRICT;
  -- Everything older, by log: neighbouring records of one epoch in one row.
  CREATE TABLE segments (
    num INTEGER PRIMARY KEY,
    log INTEGER NOT NULL,
    last_seq INTEGER NOT NULL,
    first_seq INTEGER NOT NULL,
    epoch INTEGER NOT NULL,
    body TEXT NOT NULL
  ) STRICT;
  CREATE UNIQUE INDEX segments_log ON segments (log, last_seq);
`;

/** Does all of `action` or nothing of it. */
export function transact<T>(database: DatabaseSync, action: () => T): T {
  database.exec("BEGIN IMMEDIATE");
  try {
    const result = action();
    database.exec("COMMIT");
    return result;
  } catch (error) {
    if (database.isTransaction) database.exec("ROLLBACK");
    throw error;
  }
}

// SQLite's result codes, https://www.sqlite.org/rescode.html
const sqliteBusy = 5;
const sqliteCorrupt = 11;
const sqliteNotADatabase = 26;

/**
 * @throws {LogError} "locked", "damaged" or "unwritable"; an existing file is then left as it was.
 */
export function openDatabase(path: string, maxBytes: number | undefined): DatabaseSync {
  let database: DatabaseSync | undefined;
  try {
    // What people wrote is for nobody else of this machine.
    mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
    database = new DatabaseSync(path);
    prepare(database, path, maxBytes);
    return database;
  } catch (error) {
    database?.close();
    throw toOpenError(error, path);
  }
}

function prepare(database: DatabaseSync, path: string, maxBytes: number | undefined): void {
  // Held until the process ends, however it ends: no lock file can go stale. Set before WAL, it also needs no shared memory.
  database.exec("PRAGMA locking_mode = EXCLUSIVE");
  // Only read before it is known to be ours: another program's database must not even be switched to WAL.
  const found = pragma(database, "application_id");
  const empty = pragma(database, "schema_version") === 0;
  if (!empty && found !== applicationId) {
    throw new LogError("damaged", `${path} is not a Typebar log`);
  }
  if (!empty && pragma(database, "user_version") !== schemaVersion) {
    throw new LogError("damaged", `${path} was written by another version of Typebar`);
  }
  if (!empty && !isIntact(database)) {
    throw new LogError("damaged", `${path} is damaged; nothing in it was changed`);
  }
  database.exec("PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL");
  if (maxBytes !== undefined) {
    database.exec(`PRAGMA max_page_count = ${Math.max(1, Math.floor(maxBytes / pragma(database, "page_size")))}`);
  }
  database.exec("BEGIN EXCLUSIVE");
  if (empty) {
    database.exec(schema);
    database.exec(`PRAGMA application_id = ${applicationId}; PRAGMA user_version = ${schemaVersion}`);
  }
  database.exec("COMMIT");
}

/** A larger file is not read through at each start; what is broken in it is found when it is read. */
const maxCheckedBytes = 67_108_864;

function isIntact(database: DatabaseSync): boolean {
  if (pragma(database, "page_count") * pragma(database, "page_size") > maxCheckedBytes) return true;
  return Object.values(database.prepare("PRAGMA quick_check(1)").get() ?? {})[0] === "ok";
}

function pragma(database: DatabaseSync, name: string): number {
  return Number(Object.values(database.prepare(`PRAGMA ${name}`).get() ?? {})[0]);
}

function toOpenError(error: unknown, path: string): LogError {
  if (error instanceof LogError) return error;
  const code = error instanceof Error && "errcode" in error ? Number(error.errcode) & 0xff : undefined;
  const cause = { cause: error };
  if (code === sqliteBusy) return new LogError("locked", `${path} is in use by another process`, cause);
  if (code === sqliteCorrupt || code === sqliteNotADatabase) {
    return new LogError("damaged", `${path} is damaged; nothing in it was changed`, cause);
  }
  const reason = error instanceof Error ? error.message : String(error);
  return new LogError("unwritable", `${path} cannot be opened for writing (${reason})`, cause);
}
