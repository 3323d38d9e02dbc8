/** Conversations in PostgreSQL, for any number of nodes: `pg` under Kysely's dialect. Opened by the program. */
import { Kysely, PostgresDialect, type PostgresPool, type PostgresPoolClient } from "kysely";
import { DatabaseError, Pool, type PoolClient, type QueryResult } from "pg";
import type { Schema } from "./schema.ts";
import { StoreUnavailableError } from "./unavailable.ts";

export interface PostgresOptions {
  /** `postgresql://user:password@host:port/database`. */
  url: string;
  /** Connections that are open at most. @defaultValue 10 */
  poolSize?: number;
  /** How long a new connection, or a free one, is waited for, in milliseconds. @defaultValue 3000 */
  connectTimeoutMs?: number;
  /** How long one statement may take, in milliseconds; it is then undone. @defaultValue 10000 */
  statementTimeoutMs?: number;
}

/** @throws {RangeError} it is no URL of a PostgreSQL. It is not told: it may hold a password. */
export function checkPostgresUrl(url: string): void {
  if (!/^postgres(?:ql)?:\/\//.test(url) || !URL.canParse(url)) {
    throw new RangeError("The URL of PostgreSQL is not of the form postgresql://user:password@host:port/database");
  }
}

/**
 * Does not wait for the server: the first query does. A server that is gone rejects with {@link StoreUnavailableError}; one that is
 * back is used again.
 *
 * @throws {RangeError} the URL is none of a PostgreSQL.
 */
export function openPostgresDatabase(options: PostgresOptions): Kysely<Schema> {
  const { url, poolSize = 10, connectTimeoutMs = 3000, statementTimeoutMs = 10_000 } = options;
  checkPostgresUrl(url);
  const pool = new Pool({
    connectionString: url,
    max: poolSize,
    application_name: "typebar",
    connectionTimeoutMillis: connectTimeoutMs,
    statement_timeout: statementTimeoutMs,
    // A server that is gone without a word is found, and no transaction of a frozen node keeps others waiting for long.
    query_timeout: statementTimeoutMs + 1000,
    idle_in_transaction_session_timeout: statementTimeoutMs,
    keepAlive: true,
  });
  // Of a connection that nobody uses: the pool has let go of it already.
  pool.on("error", () => undefined);
  return new Kysely<Schema>({ dialect: new PostgresDialect({ pool: toSturdyPool(pool) }) });
}

function toSturdyPool(pool: Pool): PostgresPool {
  return {
    options: pool.options,
    async connect() {
      return toSturdyClient(await pool.connect().catch(rethrow));
    },
    end: () => pool.end(),
  };
}

function toSturdyClient(client: PoolClient): PostgresPoolClient {
  let isBroken = false;
  const onError = (): void => void (isBroken = true);
  // A connection that is lost says so beside failing what is under way; unheard, that would end the process.
  client.on("error", onError);

  async function query(sql: string, parameters: readonly unknown[]): Promise<QueryResult> {
    try {
      return await client.query(sql, [...parameters]);
    } catch (error) {
      // Whether a lost or late statement was carried out is not known, nor what the connection will say next.
      if (!isAnswer(error)) isBroken = true;
      return rethrow(error);
    }
  }

  return {
    // The other call of this name takes a cursor; none is ever asked for.
    query: query as unknown as PostgresPoolClient["query"],
    release(destroy = false) {
      client.off("error", onError);
      client.release(destroy || isBroken);
    },
  };
}

/** PostgreSQL has answered, with an error, and goes on: it is not being stopped or started (SQLSTATE 57P0x), nor was the connection lost (08). */
function isAnswer(error: unknown): boolean {
  return error instanceof DatabaseError && !/^(?:57P0|08)/.test(error.code ?? "");
}

function rethrow(error: unknown): never {
  if (isAnswer(error)) throw error;
  throw new StoreUnavailableError("PostgreSQL does not answer", { cause: error });
}
