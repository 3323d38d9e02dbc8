/** All that a database keeps, row by row, and back into an empty one of the same or the other kind. Called by `typebar export` and `typebar import`. */
import { type Kysely, type RawBuilder, sql, type Transaction } from "kysely";
import type { Schema } from "./schema.ts";
import { indexAll } from "./search/index-texts.ts";

type Row = Record<string, unknown>;

/** Whole numbers are numbers, whatever a driver makes of them; bytes are `{"$base64": "…"}`. */
export interface DumpedRow {
  table: DumpedTable;
  row: Row;
}

export type DumpedTable = Exclude<keyof Schema, "nodes" | "search_documents">;

/** The columns that name a row. */
const keysOf: Readonly<Record<DumpedTable, readonly string[]>> = {
  conversations: ["id"],
  messages: ["id"],
  generations: ["id"],
  generation_keys: ["owner_id", "key"],
  settings: ["owner_id"],
  attachments: ["id"],
};

/** In an order in which each row finds those that it refers to. */
export const dumpedTables: readonly DumpedTable[] = Object.keys(keysOf) as DumpedTable[];

/** What they hold does not last, or is made again of the others. */
export const undumpedTables: readonly RegExp[] = [/^nodes$/, /^search_/];

const pageRows = 500;
/** SQLite takes 32,766 parameters in one statement. */
const insertRows = 100;
/** Of files, which may have megabytes each, only so many are held at once. */
const fileRows = 4;

function rowsAtOnce(table: DumpedTable, usual: number): number {
  return table === "attachments" ? fileRows : usual;
}

/** All of one moment. `write` is given some rows at a time, and waited for. */
export async function dumpRows(
  database: Kysely<Schema>,
  write: (rows: readonly DumpedRow[]) => Promise<void>,
): Promise<void> {
  const wholeNumbers = await findWholeNumbers(database);
  await database
    .transaction()
    .setIsolationLevel("repeatable read")
    .execute(async (transaction) => {
      for (const table of dumpedTables) {
        for (let after: Row | undefined, isWhole = false; !isWhole;) {
          const rows = await readPage(transaction, table, after);
          await write(rows.map((row) => ({ table, row: toPlain(row, wholeNumbers.get(table)) })));
          after = rows.at(-1);
          isWhole = rows.length < rowsAtOnce(table, pageRows);
        }
      }
    });
}

/** Puts rows where there are none yet: all of them, or none where one cannot be put. @throws {NotEmptyError} */
export async function loadRows(database: Kysely<Schema>, rows: AsyncIterable<DumpedRow>): Promise<number> {
  return database.transaction().execute(async (transaction) => {
    if (!(await isEmpty(transaction))) throw new NotEmptyError();
    let count = 0;
    let batch: DumpedRow[] = [];
    for await (const row of rows) {
      if (batch.length === rowsAtOnce(row.table, insertRows) || (batch[0] && batch[0].table !== row.table)) {
        await insert(transaction, batch);
        batch = [];
      }
      batch.push(row);
      count += 1;
    }
    await insert(transaction, batch);
    await indexAll(transaction);
    return count;
  });
}

export class NotEmptyError extends Error {
  constructor() {
    super("The database holds conversations or settings already");
    this.name = "NotEmptyError";
  }
}

async function isEmpty(transaction: Transaction<Schema>): Promise<boolean> {
  for (const table of dumpedTables) {
    const { rows } = await sql`SELECT 1 FROM ${sql.table(table)} LIMIT 1`.execute(transaction);
    if (rows.length > 0) return false;
  }
  return true;
}

async function readPage(transaction: Transaction<Schema>, table: DumpedTable, after: Row | undefined): Promise<Row[]> {
  const keys = keysOf[table];
  const columns = sql.join(keys.map((key) => sql.ref(key)));
  const from: RawBuilder<unknown> =
    after === undefined ? sql`` : sql`WHERE (${columns}) > (${sql.join(keys.map((key) => sql.val(after[key])))})`;
  const page = sql<Row>`SELECT * FROM ${sql.table(table)} ${from} ORDER BY ${columns} LIMIT ${sql.lit(rowsAtOnce(table, pageRows))}`;
  return (await page.execute(transaction)).rows;
}

async function insert(transaction: Transaction<Schema>, batch: readonly DumpedRow[]): Promise<void> {
  const [first] = batch;
  if (!first) return;
  const columns = Object.keys(first.row);
  const values = batch.map(({ row }) => sql`(${sql.join(columns.map((column) => sql.val(fromPlain(row[column]))))})`);
  const into = sql`${sql.table(first.table)} (${sql.join(columns.map((column) => sql.ref(column)))})`;
  await sql`INSERT INTO ${into} VALUES ${sql.join(values)}`.execute(transaction);
}

/** PostgreSQL's driver gives 64-bit numbers as text. */
async function findWholeNumbers(database: Kysely<Schema>): Promise<Map<string, Set<string>>> {
  const tables = await database.introspection.getTables();
  return new Map(
    tables.map(({ name, columns }) => [
      name,
      new Set(columns.flatMap((column) => (/^(?:int8|bigint)$/i.test(column.dataType) ? [column.name] : []))),
    ]),
  );
}

function toPlain(row: Row, wholeNumbers: ReadonlySet<string> | undefined): Row {
  return Object.fromEntries(
    Object.entries(row).map(([column, value]) => {
      if (value instanceof Uint8Array) return [column, { $base64: Buffer.from(value).toString("base64") }];
      return [column, value !== null && wholeNumbers?.has(column) ? Number(value) : value];
    }),
  );
}

function fromPlain(value: unknown): unknown {
  const isBytes = typeof value === "object" && value !== null && "$base64" in value;
  return isBytes ? Buffer.from(String(value.$base64), "base64") : value;
}
