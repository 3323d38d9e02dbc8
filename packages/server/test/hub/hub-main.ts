/**
 * A hub in a process of its own, on a Redis: `/lobby?user=ann` follows, `/presence/lobby` tells who hub.presence says is there. Arguments:
 * URL of Redis, prefix. Prints its port; on SIGTERM it closes the hub. Started by shared-presence.test.ts.
 */
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { openRedisLog } from "@typebar/log/redis";
import { createHub } from "../../src/index.ts";

const [url = "", prefix = ""] = process.argv.slice(2);
const log = openRedisLog({ url, prefix, beatMs: 100, timeoutMs: 1000 });
const hub = createHub({ log, presence: () => "users", presenceIntervalMs: 100, timings: { heartbeatMs: 400 } });
const server = createServer((request, response) => {
  const { pathname, searchParams } = new URL(request.url ?? "/", "http://localhost");
  const [, first = "", second = ""] = pathname.split("/");
  const user = searchParams.get("user") ?? undefined;
  const work =
    first === "presence"
      ? hub.presence(second).then((state) => void response.end(JSON.stringify(state)))
      : hub.handle(request, response, { channels: first.split(","), user });
  work.catch(() => response.destroy());
});
server.listen(0, "127.0.0.1", () => process.stdout.write(`${(server.address() as AddressInfo).port}\n`));
async function stop(): Promise<void> {
  await hub.close();
  await log[Symbol.asyncDispose]();
  process.exit(0);
}
process.on("SIGTERM", () => void stop());
process.stdin.resume().on("end", () => process.exit(1));
