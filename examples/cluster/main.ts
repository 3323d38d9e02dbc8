/** Three nodes behind nginx, over one PostgreSQL and one Redis, on this machine. Ctrl-C ends all of it. */
import { chmodSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { openCountingModel } from "./model.ts";
import { startNginx } from "./nginx.ts";
import { type Node, openNode } from "./node.ts";
import { startPostgres, startRedis } from "./stores.ts";

const realModel = ["OPENAI_BASE_URL", "OPENAI_API_KEY", "ANTHROPIC_API_KEY", "GOOGLE_GENERATIVE_AI_API_KEY"].some(
  (name) => process.env[name],
);
const names = ["node 1", "node 2", "node 3"];
/** nginx's own; the nodes and Redis have those after it. */
const port = Number(process.env["PORT"] || 8700);

const stopping = Promise.withResolvers<void>();
for (const signal of ["SIGINT", "SIGTERM"] as const) process.on(signal, () => stopping.resolve());

const dir = mkdtempSync(join(tmpdir(), "typebar-cluster-"));
// Started by root, PostgreSQL and nginx's workers run as other users; their folders below are their own.
chmodSync(dir, 0o711);
await using opened = new AsyncDisposableStack();
opened.defer(() => rmSync(dir, { recursive: true, force: true }));
try {
  const nodes = await startAll();
  console.log(`
Open http://127.0.0.1:${port}/ and ask ${realModel ? "for something long" : "anything: a simulated model counts to 600"}.
While the answer is typing itself out, kill the node that writes it: 1, 2 or 3 and Enter here, or kill -9 elsewhere.
Ctrl-C ends everything; what was written is gone then.
`);
  createInterface({ input: process.stdin }).on("line", (line) => nodes[Number(line) - 1]?.kill());
  await stopping.promise;
  console.log("Everything is being stopped…");
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
}
await opened.disposeAsync();
process.exit();

/** Each thing is ended before what it stands on. */
async function startAll(): Promise<Node[]> {
  const postgres = await startPostgres(join(dir, "postgres"));
  opened.defer(() => postgres.program.end("SIGINT"));
  const redis = await startRedis(join(dir, "redis"), port + names.length + 1);
  opened.defer(() => redis.program.end("SIGTERM"));
  const model = realModel ? undefined : opened.use(await openCountingModel());
  const env = { ...model?.env, DATABASE_URL: postgres.url, REDIS_URL: redis.url };
  const nodes = await Promise.all(
    names.map(async (name, index) => {
      const node = await openNode({ name, port: port + 1 + index, env, tell: (line) => console.log(line) });
      opened.defer(() => node.close());
      return node;
    }),
  );
  const nginx = await startNginx(join(dir, "nginx"), port);
  opened.defer(() => nginx.end("SIGTERM"));
  return nodes;
}
