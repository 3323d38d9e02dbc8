/** A hub over a SQLite log, as a process: `DATABASE`. `/NAME,NAME?user=U` follows channels. Publishes by itself. Started by hub-server. */
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { openSqliteLog } from "@typebar/log/sqlite";
import { createHub } from "@typebar/server";

const channels = ["rates", "sales", "heavy"];
/** So that readers that stopped are met often. */
const timings = { heartbeatMs: 1000, progressTimeoutMs: 2000, rotateMs: 5000 };
const heavyText = "x".repeat(60_000);

const hub = createHub({
  log: openSqliteLog({ path: process.argv[2] ?? "" }),
  presence: (channel) => (channel === "rates" ? "users" : "count"),
  presenceIntervalMs: 200,
  history: { count: 200, bytes: 4_194_304, ageMs: 30_000 },
  timings,
  authorize: async ({ user }) => {
    await new Promise((resolve) => setTimeout(resolve, 2));
    return user !== "refused";
  },
});

let number = 0;
setInterval(() => {
  number += 1;
  const channel = channels[number % 10 === 0 ? 2 : number % 2] ?? "rates";
  void hub.publish(channel, { data: { number, text: channel === "heavy" ? heavyText : "" } });
}, 10);

const server = createServer((request, response) => {
  const { pathname, searchParams } = new URL(request.url ?? "/", "http://localhost");
  const user = searchParams.get("user");
  void hub.handle(request, response, {
    channels: pathname.slice(1).split(","),
    ...(user !== null && { user }),
    history: 5,
  });
});
server.listen({ port: 0, host: "127.0.0.1", backlog: 4096 }, () =>
  console.log(`port ${(server.address() as AddressInfo).port}`),
);
process.stdin.resume().on("end", () => process.exit(0));
