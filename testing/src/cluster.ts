/** Several Typebars that share a real PostgreSQL and a real Redis: killed, frozen, stopped and started again by the tests. */
import { openPostgres, type Postgres } from "./postgres.ts";
import { openRedis, type Redis, type RedisOptions } from "./redis.ts";
import { openTypebarProcess, type TypebarProcess } from "./typebar-process.ts";

export interface ClusterOptions {
  /** @defaultValue 3 */
  nodes?: number;
  /** Of every node, beside what makes them one cluster. */
  env?: Record<string, string>;
  /** @defaultValue "no-file" */
  persistence?: NonNullable<RedisOptions["persistence"]>;
}

export interface Cluster extends AsyncDisposable {
  readonly nodes: readonly TypebarProcess[];
  readonly postgres: Postgres;
  readonly redis: Redis;
}

export async function openCluster({
  nodes: count = 3,
  env = {},
  persistence = "no-file",
}: ClusterOptions = {}): Promise<Cluster> {
  await using opened = new AsyncDisposableStack();
  const [postgres, redis] = await Promise.all([openPostgres(), openRedis({ persistence })]);
  opened.defer(() => postgres.close());
  opened.use(redis);
  const shared = { ...env, DATABASE_URL: postgres.url, REDIS_URL: redis.url };
  // The first makes the tables, the others find them.
  const nodes = await Promise.all(
    Array.from({ length: count }, async () => opened.use(await openTypebarProcess({ env: shared }))),
  );
  const resources = opened.move();
  return { nodes, postgres, redis, [Symbol.asyncDispose]: () => resources.disposeAsync() };
}
