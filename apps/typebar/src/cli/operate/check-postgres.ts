/** What `typebar doctor` finds out about PostgreSQL. Called by doctor.ts. */
import { readMigrationState } from "@typebar/chat/operate";
import { openPostgresDatabase } from "@typebar/chat/postgres";
import { sql } from "kysely";
import { findPostgresTrouble } from "../../store-trouble.ts";
import { type Finding, judgeClock, ok, problem, warning } from "./finding.ts";

const oldestVersion = 14;
/** What one server opens at most. */
const poolSize = 10;

/** Never rejects: what went wrong is a finding. */
export async function checkPostgres(url: string): Promise<Finding[]> {
  await using database = openPostgresDatabase({ url, poolSize: 1 });
  const ask = async <T>(query: string): Promise<T> =>
    (await sql.raw<{ value: T }>(`SELECT ${query} AS value`).execute(database)).rows[0]?.value as T;
  try {
    const versionNumber = Number(await ask<string>("current_setting('server_version_num')"));
    const sentMs = Date.now();
    const theirMs = Number(await ask<string>("extract(epoch from clock_timestamp()) * 1000"));
    const clock = judgeClock("PostgreSQL", theirMs, sentMs, Date.now());
    const maxConnections = Number(await ask<string>("current_setting('max_connections')"));
    return [
      judgeVersion(versionNumber),
      clock,
      (await ask<boolean>("pg_is_in_recovery()"))
        ? problem("It is a standby, and cannot be written to.", "Name the primary in DATABASE_URL.")
        : ok("It can be written to."),
      judgeConnections(maxConnections),
      await judgePooler(database, ask),
      await judgeDurability(ask),
      await judgeTables(database),
    ];
  } catch (error) {
    const trouble = findPostgresTrouble(error);
    if (trouble === undefined) throw error;
    return [problem(trouble.text, trouble.advice)];
  }
}

function judgeVersion(number: number): Finding {
  const text = `PostgreSQL is version ${Math.floor(number / 10_000)}.${number % 10_000}.`;
  return number >= oldestVersion * 10_000 ? ok(text) : problem(text, `Use ${oldestVersion} or later.`);
}

function judgeConnections(most: number): Finding {
  const servers = Math.floor((most - 3) / poolSize);
  const text = `It takes ${most} connections: enough for ${servers} servers.`;
  return servers >= 3
    ? ok(text)
    : warning(text, `Each server opens up to ${poolSize}; raise max_connections for more.`);
}

/** @throws {StoreUnavailableError} of a pooler that allows no transactions. */
async function judgePooler(
  database: Parameters<typeof readMigrationState>[0],
  ask: <T>(query: string) => Promise<T>,
): Promise<Finding> {
  await database.transaction().execute((transaction) => sql`SELECT 1`.execute(transaction));
  if ((await ask<string>("current_setting('statement_timeout')")) !== "0")
    return ok("It ends a statement that takes too long.");
  return warning(
    "A pooler such as PgBouncer stands before it, and ends what takes too long within transactions only.",
    "That will do. For all statements: ALTER ROLE … SET statement_timeout = '10s'.",
  );
}

async function judgeDurability(ask: <T>(query: string) => Promise<T>): Promise<Finding> {
  const off = await ask<string>(
    "concat_ws(', ', case when current_setting('fsync') = 'off' then 'fsync' end, case when current_setting('synchronous_commit') = 'off' then 'synchronous_commit' end)",
  );
  if (off === "") return ok("What it has stored survives a crash.");
  return warning(`${off} is off: a crash can lose conversations that were stored.`, "Turn it on.");
}

async function judgeTables(database: Parameters<typeof readMigrationState>[0]): Promise<Finding> {
  const { pending, latest } = await readMigrationState(database);
  if (pending.length === 0) return ok(`Its tables are up to date (${latest}).`);
  return warning(
    `Its tables lack ${pending.join(", ")}.`,
    "The next server that starts adds them; or run typebar migrate.",
  );
}
