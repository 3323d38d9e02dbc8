/** Appends to the log at the given path until it is killed, and prints each seq that was acknowledged. */
import { openSqliteLog } from "../src/drivers/sqlite/index.ts";

const [path = ""] = process.argv.slice(2);
const log = openSqliteLog({ path });
const lease = await log.acquire("log", { holder: "child", ttlMs: 60_000 });
if (!lease) throw new Error("the lease was not free");
for (let seq = 0; ;) {
  const payloads = Array.from({ length: 1 + (seq % 3) }, (_, index) => `payload ${seq + index + 1}`);
  ({ seq } = (await log.append("log", { epoch: lease.epoch, seq }, payloads)).position);
  process.stdout.write(`${seq}\n`);
}
