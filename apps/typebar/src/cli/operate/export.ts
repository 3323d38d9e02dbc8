/** `typebar export FILE`: everything that is kept, of one moment, into one file. */
import { createWriteStream, existsSync } from "node:fs";
import { rename, rm } from "node:fs/promises";
import { join, resolve } from "node:path";
import type { Writable } from "node:stream";
import { finished } from "node:stream/promises";
import { once } from "node:events";
import { dumpRows, type DumpedRow, readMigrationState } from "@typebar/chat/operate";
import { type RecordLog, start } from "@typebar/log";
import { openStores } from "../../stores.ts";
import { exitCodes } from "../exit-codes.ts";
import { type DumpLine, toHead } from "./dump-file.ts";
import { type Operation, OperationError } from "./operation.ts";

export const exportOperation: Operation = {
  name: "export",
  word: "FILE",
  help: [
    "writes everything that is kept into FILE, or to standard output if it is -: conversations, messages, settings, and what",
    "there is of answers that have not ended. typebar import reads it, also into another kind of database. A server that keeps",
    "its data in a folder must be stopped first; servers that share PostgreSQL may go on.",
  ],
  async run(config, path) {
    if (!config.shared) refuseEmptyFolder(resolve(config.dataDir));
    const { log, openDatabase, database: place } = openStores(config);
    await using _log = log;
    await using database = openDatabase();
    const { pending, latest, isNew } = await readMigrationState(database);
    if (isNew) throw new OperationError(`${place} is empty: Typebar has never used it.`);
    if (pending.length > 0) throw new OperationError(`${place} is of an older version: run typebar migrate first.`);
    const unfinished: string[] = [];
    const count = { rows: 0, logs: 0 };
    await writeFile(path, async (write) => {
      await write(toHead(latest));
      await dumpRows(database, async (rows) => {
        for (const row of rows) {
          if (isUnfinished(row)) unfinished.push(String(row.row["id"]));
          count.rows += 1;
          await write(row);
        }
      });
      for (const id of unfinished) {
        const records = await readLog(log, id);
        if (records.length === 0) continue;
        count.logs += 1;
        await write({ log: id, records });
      }
      await write({ end: count });
    });
    console.error(`Exported ${count.rows} rows of ${place}, and ${count.logs} answers that have not ended.`);
    return exitCodes.done;
  },
};

/** An export of nothing, by a folder's name mistyped, must not pass for one of everything; nor is such a folder made. */
function refuseEmptyFolder(dataDir: string): void {
  if (existsSync(join(dataDir, "typebar.db"))) return;
  throw new OperationError(
    `There is nothing in the data folder ${dataDir}. Set TYPEBAR_DATA to the one that the server uses.`,
  );
}

function isUnfinished({ table, row }: DumpedRow): boolean {
  return table === "generations" && (row["state"] === "queued" || row["state"] === "running");
}

async function readLog(log: RecordLog, id: string): Promise<{ payload: string }[]> {
  const records: { payload: string }[] = [];
  for (let after = start; ;) {
    const page = await log.read(id, after, { count: 1000, chars: 1_000_000 });
    if (page.type !== "records" || page.records.length === 0) return records;
    for (const { payload, epoch, seq } of page.records) {
      records.push({ payload });
      after = { epoch, seq };
    }
  }
}

/** Under its name only when it is whole. */
async function writeFile(
  path: string,
  work: (write: (line: DumpLine) => Promise<void>) => Promise<void>,
): Promise<void> {
  if (path === "-") return work((line) => send(process.stdout, line));
  const partPath = `${path}.part`;
  const stream = createWriteStream(partPath, { flags: "wx", mode: 0o600 });
  const closed = finished(stream);
  closed.catch(() => undefined);
  try {
    await once(stream, "open");
  } catch (cause) {
    throw new OperationError(`${partPath} cannot be written: it exists already, or its folder may not be written to.`, {
      cause,
    });
  }
  try {
    await work((line) => send(stream, line));
    stream.end();
    await closed;
    await rename(partPath, path);
  } catch (error) {
    stream.destroy();
    await rm(partPath, { force: true });
    throw error;
  }
}

async function send(stream: Writable, line: DumpLine): Promise<void> {
  if (!stream.write(`${JSON.stringify(line)}\n`)) await once(stream, "drain");
}
