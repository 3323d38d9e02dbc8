/** typebar.db: node:sqlite under Kysely's SQLite dialect. */
import { mkdirSync } from "node:fs";
import { dirname } from "node:path";
import { DatabaseSync, type SQLInputValue, type StatementSync } from "node:sqlite";
import { Kysely, SqliteDialect, type SqliteDatabase } from "kysely";
import type { Schema } from "./schema.ts";

/** "TYPB" in ASCII: tells our files from any other SQLite database. */
const applicationId = 0x54595042;

/** Why the file could not be opened; it is left as it was. */
export class DatabaseFileError extends Error {
  readonly code: "damaged" | "unwritable";

  constructor(code: "damaged" | "unwritable", message: string, options?: { cause: unknown }) {
    super(message, options);
    this.name = "DatabaseFileError";
    this.code = code;
  }
}

/**
 * Opens the file; it and its folder are created. That no second process uses it is seen to by the lock of log.db beside it.
 *
 * @throws {DatabaseFileError} "damaged": not a database, or not ours. "unwritable": cannot be opened for writing.
 */
export function openSqliteDatabase(path: string, options: { maxBytes?: number } = {}): Kysely<Schema> {
  let database: DatabaseSync | undefined;
  try {
    // What people wrote is for nobody else of this machine.
    mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
    database = new DatabaseSync(path);
    prepare(database, path, options.maxBytes);
  } catch (error) {
    database?.close();
    throw toOpenError(error, path);
  }
  return new Kysely<Schema>({ dialect: new SqliteDialect({ database: adapt(database) }) });
}

function prepare(database: DatabaseSync, path: string, maxBytes: number | undefined): void {
  // Only read before it is known to be ours.
  const empty = pragma(database, "schema_version") === 0;
  if (!empty && pragma(database, "application_id") !== applicationId) {
    throw new DatabaseFileError("damaged", `${path} is not a Typebar database`);
  }
  const check = Object.values(database.prepare("PRAGMA quick_check(1)").get() ?? {})[0];
  if (check !== "ok") throw new DatabaseFileError("damaged", `${path} is damaged; nothing in it was changed`);
  database.exec("PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL; PRAGMA foreign_keys = ON");
  if (empty) database.exec(`PRAGMA application_id = ${applicationId}`);
  if (maxBytes !== undefined) {
    database.exec(`PRAGMA max_page_count = ${Math.max(1, Math.floor(maxBytes / pragma(database, "page_size")))}`);
  }
}

function pragma(database: DatabaseSync, name: string): number {
  return Number(Object.values(database.prepare(`PRAGMA ${name}`).get() ?? {})[0]);
}

/** More than there are different queries; those with lists of varying length could grow without end. */
const maxPrepared = 200;

function adapt(database: DatabaseSync): SqliteDatabase {
  const prepared = new Map<string, ReturnType<SqliteDatabase["prepare"]>>();
  return {
    close: () => database.close(),
    prepare(sql) {
      // A write that the disk refused has ended its transaction: to end it again would be an error that hides the first.
      if (sql === "rollback" && !database.isTransaction) return nothingToDo;
      let statement = prepared.get(sql);
      if (!statement) {
        if (prepared.size >= maxPrepared) prepared.clear();
        statement = adaptStatement(database.prepare(sql));
        prepared.set(sql, statement);
      }
      return statement;
    },
  };
}

function adaptStatement(statement: StatementSync): ReturnType<SqliteDatabase["prepare"]> {
  return {
    reader: statement.columns().length > 0,
    all: (parameters) => statement.all(...(parameters as SQLInputValue[])),
    run: (parameters) => statement.run(...(parameters as SQLInputValue[])),
    iterate: (parameters) => statement.iterate(...(parameters as SQLInputValue[])),
  };
}

const nothingToDo: ReturnType<SqliteDatabase["prepare"]> = {
  reader: false,
  all: () => [],
  run: () => ({ changes: 0, lastInsertRowid: 0 }),
  iterate: () => [].values(),
};

// SQLite's result codes, https://www.sqlite.org/rescode.html
const sqliteCorrupt = 11;
const sqliteNotADatabase = 26;

function toOpenError(error: unknown, path: string): DatabaseFileError {
  if (error instanceof DatabaseFileError) return error;
  const code = error instanceof Error && "errcode" in error ? Number(error.errcode) & 0xff : undefined;
  if (code === sqliteCorrupt || code === sqliteNotADatabase) {
    return new DatabaseFileError("damaged", `${path} is damaged; nothing in it was changed`, { cause: error });
  }
  const reason = error instanceof Error ? error.message : String(error);
  return new DatabaseFileError("unwritable", `${path} cannot be opened for writing (${reason})`, { cause: error });
}
