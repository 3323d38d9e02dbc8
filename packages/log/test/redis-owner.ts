/** Takes the lease of the log "log" and appends to it until it is refused; prints each seq that was acknowledged, at the end why. */
import { setTimeout as sleep } from "node:timers/promises";
import { openRedisLog } from "../src/drivers/redis/index.ts";
import { LogError } from "../src/index.ts";

const [url = "", ttlMs = ""] = process.argv.slice(2);
await using log = openRedisLog({ url, windowMs: 0 });
const lease = await log.acquire("log", { holder: "child", ttlMs: Number(ttlMs) });
if (!lease) throw new Error("the lease was not free");
let { seq } = lease;
try {
  for (;;) {
    ({ seq } = (await log.append("log", { epoch: lease.epoch, seq }, [`old ${seq + 1}`])).position);
    process.stdout.write(`${seq}\n`);
    await sleep(5);
  }
} catch (error) {
  process.stdout.write(`${error instanceof LogError ? error.code : String(error)}\n`);
}
