/** A real Redis Cluster of two shards for a test, without replicas. Made of two of redis.ts. */
import { once } from "node:events";
import { connect } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { openRedis } from "./redis.ts";

export interface RedisCluster extends AsyncDisposable {
  /** Of one shard. */
  readonly url: string;
}

/** Settles when each shard knows of the other, and they serve. */
export async function openRedisCluster(): Promise<RedisCluster> {
  await using opened = new AsyncDisposableStack();
  const first = opened.use(await openRedis({ cluster: true }));
  const second = opened.use(await openRedis({ cluster: true }));
  await say(first.port, "CLUSTER ADDSLOTSRANGE 0 8191");
  await say(second.port, "CLUSTER ADDSLOTSRANGE 8192 16383");
  const busPort = /(\d+)\r\n$/.exec(await say(second.port, "CONFIG GET cluster-port"))?.[1];
  await say(first.port, `CLUSTER MEET 127.0.0.1 ${second.port} ${busPort}`);
  for (const { port } of [first, second]) {
    while (!/cluster_state:ok[^]*cluster_size:2\r/.test(await say(port, "CLUSTER INFO"))) await sleep(50);
  }
  const resources = opened.move();
  return { url: first.url, [Symbol.asyncDispose]: () => resources.disposeAsync() };
}

/** @throws {Error} what Redis refuses. */
async function say(port: number, command: string): Promise<string> {
  const socket = connect({ host: "127.0.0.1", port });
  socket.setEncoding("utf8").write(`${command}\r\nQUIT\r\n`);
  let reply = "";
  socket.on("data", (text: string) => void (reply += text));
  await once(socket, "close");
  if (reply.startsWith("-")) throw new Error(reply);
  return reply.slice(0, reply.lastIndexOf("+OK\r\n"));
}
