/** Everything that a chaos run stands on: PostgreSQL, Redis, a model, three nodes, nginx, and the cables between them. Opened by run.ts. */
import { type Cable, openCable, openNginx, openPostgres, openRedis, type Postgres, type Redis } from "@typebar/testing";
import { type ChaosModel, openChaosModel } from "./model.ts";
import { type ChaosNode, openChaosNode } from "./node.ts";
import { type NodeName, nodeNames, type Plan } from "./plan.ts";
import { createWriters, type Writers } from "./writers.ts";

export interface World extends AsyncDisposable {
  readonly postgres: Postgres;
  readonly redis: Redis;
  readonly model: ChaosModel;
  readonly nodes: Readonly<Record<NodeName, ChaosNode>>;
  /** Between the followers and nginx. */
  readonly front: Cable;
  /** Where followers go, through the front cable and nginx, to any node. */
  readonly url: string;
  readonly writers: Writers;
}

export async function openWorld({ persistence }: Pick<Plan, "persistence">): Promise<World> {
  await using opened = new AsyncDisposableStack();
  const [postgres, redis, model] = await Promise.all([
    openPostgres({ durable: true }).then((postgres) => {
      opened.defer(() => postgres.close());
      return postgres;
    }),
    openRedis({ persistence }).then((redis) => opened.use(redis)),
    openChaosModel().then((model) => opened.use(model)),
  ]);
  const writers = createWriters();
  const env = {
    OPENAI_BASE_URL: model.url,
    TYPEBAR_MODEL: "scripted",
    TYPEBAR_LOG_LEVEL: "info",
    // Not what is tested here, and three lives are soon spent.
    TYPEBAR_ATTEMPTS: "100",
    // So that a model that stalls for some seconds is sometimes given up, and sometimes waited for.
    TYPEBAR_FIRST_TOKEN_MS: "8000",
    TYPEBAR_SILENCE_MS: "2000",
    TYPEBAR_GRACE_MS: "500",
  };
  const { port: postgresPort } = postgres;
  if (postgresPort === undefined) throw new Error("PostgreSQL has no TCP port");
  const [A, B, C] = await Promise.all(
    nodeNames.map(async (name) =>
      opened.use(await openChaosNode({ name, redisPort: redis.port, postgresPort, env, writers })),
    ),
  );
  if (!A || !B || !C) throw new Error("There are not three nodes");
  const nginx = opened.use(await openNginx([A.port, B.port, C.port]));
  const front = opened.use(await openCable({ targetPort: nginx.port }));
  const resources = opened.move();
  return {
    postgres,
    redis,
    model,
    nodes: { A, B, C },
    front,
    url: `http://127.0.0.1:${front.port}`,
    writers,
    [Symbol.asyncDispose]: () => resources.disposeAsync(),
  };
}
