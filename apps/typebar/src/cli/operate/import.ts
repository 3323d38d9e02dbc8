/** `typebar import FILE`: what `typebar export` wrote, into a database that is still empty. */
import { createReadStream } from "node:fs";
import { createInterface } from "node:readline";
import { type DumpedRow, loadRows, migrate, NotEmptyError, readMigrationState } from "@typebar/chat/operate";
import type { RecordLog } from "@typebar/log";
import { openStores } from "../../stores.ts";
import { exitCodes } from "../exit-codes.ts";
import { type DumpedLog, type DumpEnd, parseLine } from "./dump-file.ts";
import { type Operation, OperationError } from "./operation.ts";

export const importOperation: Operation = {
  name: "import",
  word: "FILE",
  help: [
    "puts what typebar export wrote into a database that is still empty: all of it, or nothing. FILE is - for standard input.",
    "Answers that had not ended are gone on with by the next server that starts.",
  ],
  async run(config, path) {
    const { log, openDatabase, database: place } = openStores(config);
    await using _log = log;
    await using database = openDatabase();
    await migrate(database);
    const { latest } = await readMigrationState(database);
    const logs: DumpedLog[] = [];
    let rows: number;
    try {
      rows = await loadRows(database, restoreAll(path, latest, logs, log));
    } catch (error) {
      if (!(error instanceof NotEmptyError)) throw error;
      throw new OperationError(`${place} holds conversations already; import into an empty one.`, { cause: error });
    }
    console.error(`Imported ${rows} rows into ${place}, and ${logs.length} answers that have not ended.`);
    return exitCodes.done;
  },
};

/** The logs before the rows are final: were it the other way round, the next server might begin those answers anew. */
async function* restoreAll(path: string, latest: string, logs: DumpedLog[], log: RecordLog): AsyncGenerator<DumpedRow> {
  yield* readRows(path, latest, logs);
  for (const dumped of logs) await restoreLog(log, dumped);
}

/** Rows as they come; logs are set aside. Throws before the end of the transaction what would make the file less than whole. */
async function* readRows(path: string, latest: string, logs: DumpedLog[]): AsyncGenerator<DumpedRow> {
  let number = 0;
  let rows = 0;
  let end: DumpEnd["end"] | undefined;
  for await (const text of readLines(path)) {
    number += 1;
    const line = parseLine(text, number);
    if ("typebarExport" in line !== (number === 1) || end)
      throw new OperationError(`Line ${number} is out of place; nothing was imported.`);
    if ("typebarExport" in line) {
      if (line.migration !== latest)
        throw new OperationError(
          `The file is of a database at step ${line.migration}, and this version's is at ${latest}: export it with this version.`,
        );
    } else if ("table" in line) {
      rows += 1;
      yield line;
    } else if ("log" in line) logs.push(line);
    else ({ end } = line);
  }
  if (end?.rows !== rows || end.logs !== logs.length)
    throw new OperationError("The file is not whole; nothing was imported.");
}

async function* readLines(path: string): AsyncGenerator<string> {
  const input = path === "-" ? process.stdin : createReadStream(path);
  const { promise: failed, reject } = Promise.withResolvers<never>();
  failed.catch(() => undefined);
  input.on("error", (cause: unknown) => reject(new OperationError(`${path} cannot be read.`, { cause })));
  const lines = createInterface({ input, crlfDelay: Infinity })[Symbol.asyncIterator]();
  for (;;) {
    const next = await Promise.race([lines.next(), failed]);
    if (next.done === true) return;
    yield next.value;
  }
}

/** Under an epoch of its own: event IDs of before are told that they are not of this log, and the answer is shown from its start. */
async function restoreLog(log: RecordLog, { log: id, records }: DumpedLog): Promise<void> {
  const lease = await log.acquire(id, { holder: "typebar import", ttlMs: 5000 });
  if (!lease || lease.seq > 0) throw new OperationError(`The log of the answer ${id} is there already.`);
  await log.append(
    id,
    { epoch: lease.epoch, seq: 0 },
    records.map(({ payload }) => payload),
  );
  await log.release(lease);
}
