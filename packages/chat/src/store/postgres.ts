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
  /**
   * How long one statement may take, and a transaction do nothing, in milliseconds; it is then undone. A pooler such as PgBouncer lets us
   * say so only within transactions: of what stands alone, only the waiting ends then, a second later.
   *
   * @defaultValue 10000
   */
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
  checkPostgresUrl(options.url);
  return new Kysely<Schema>({ dialect: new PostgresDialect({ pool: openSturdyPool(options) }) });
}

function openSturdyPool({
  url,
  poolSize = 10,
  connectTimeoutMs = 3000,
  statementTimeoutMs = 10_000,
}: PostgresOptions): PostgresPool {
  // A server that is gone without a word is found, and no transaction of a frozen node keeps others waiting for long.
  const limits = {
    statement_timeout: statementTimeoutMs,
    idle_in_transaction_session_timeout: statementTimeoutMs,
  };
  const setLimits = Object.entries(limits).map(([name, ms]) => `SET LOCAL ${name} = ${ms}`);
  /** Behind a pooler: for each transaction anew, since the next one has another connection. */
  let beginning: readonly string[] = [];
  let pool = open(limits);

  function open(startLimits: Partial<typeof limits>): Pool {
    const opened = new Pool({
      connectionString: url,
      max: poolSize,
      application_name: "typebar",
      connectionTimeoutMillis: connectTimeoutMs,
      query_timeout: statementTimeoutMs + 1000,
      keepAlive: true,
      ...startLimits,
    });
    // Of a connection that nobody uses: the pool has let go of it already.
    opened.on("error", () => undefined);
    return opened;
  }

  async function connect(): Promise<PostgresPoolClient> {
    const tried = pool;
    try {
      return toSturdyClient(await tried.connect(), beginning);
    } catch (error) {
      if (!isPoolersRefusal(error)) return rethrow(error);
      // Of several that are refused at a time, the first opens the other pool.
      if (pool === tried) {
        if (beginning.length > 0) return rethrow(error);
        pool = open({});
        beginning = setLimits;
        void tried.end();
      }
      return connect();
    }
  }

  return {
    options: pool.options,
    connect,
    end: () => pool.end(),
  };
}

/** Of limits that a connection begins with: it knows only settings that it could keep apart for each of its clients. */
function isPoolersRefusal(error: unknown): boolean {
  return error instanceof DatabaseError && error.code === "08P01" && error.message.includes("startup parameter");
}

/** @param beginning is said with the beginning of each transaction. */
function toSturdyClient(client: PoolClient, beginning: readonly string[]): PostgresPoolClient {
  let isBroken = false;
  const onError = (): void => void (isBroken = true);
  // A connection that is lost says so beside failing what is under way; unheard, that would end the process.
  client.on("error", onError);

  async function query(sql: string, parameters: readonly unknown[]): Promise<QueryResult> {
    try {
      if (beginning.length > 0 && /^(?:begin|start transaction)\b/i.test(sql)) return await begin(sql);
      return await client.query(sql, [...parameters]);
    } catch (error) {
      // Whether a lost or late statement was carried out is not known, nor what the connection will say next.
      if (!isAnswer(error)) isBroken = true;
      return rethrow(error);
    }
  }

  /** In one message: what begins a transaction has no parameters. */
  async function begin(sql: string): Promise<QueryResult> {
    const results = (await client.query([sql, ...beginning].join("; "))) as unknown as QueryResult[];
    return results[0] as QueryResult;
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
