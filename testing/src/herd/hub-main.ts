/**
 * A hub as a process: `PORT DATABASE PUBLISH_MS RETRY_MS RETRY_SPREAD_MS`. Numbers the events of one channel without a gap, over its own
 * restarts too. Reads `cut` and `stop` on standard input, tells what it does on standard output. Started by hub-process.
 */
import { createServer } from "node:http";
import type { Socket } from "node:net";
import { createInterface } from "node:readline";
import { setTimeout as sleep } from "node:timers/promises";
import { openSqliteLog } from "@typebar/log/sqlite";
import { createHub } from "@typebar/server";

const channel = "herd";
const [port = "", database = "", ...times] = process.argv.slice(2);
const [publishMs = 0, retryMs = 0, retrySpreadMs = 0] = times.map(Number);

const log = openSqliteLog({ path: database });
const hub = createHub({ log, timings: { retryMs, retrySpreadMs } });
const sockets = new Set<Socket>();
let lastNumber = (await log.head(`channel:${channel}`))?.seq ?? 0;
let isStopped = false;

async function publishAll(): Promise<void> {
  while (!isStopped) {
    await hub.publish(channel, { data: lastNumber + 1 });
    lastNumber += 1;
    await sleep(publishMs);
  }
  console.log(`stopped ${lastNumber}`);
}

const server = createServer((request, response) => void hub.handle(request, response, { channels: [channel] }));
server.on("connection", (socket) => {
  sockets.add(socket);
  socket.on("close", () => sockets.delete(socket));
});
server.listen({ port: Number(port), host: "127.0.0.1", backlog: 4096 }, () => console.log("listening"));
void publishAll();

const lines = createInterface({ input: process.stdin });
lines.on("line", (line) => {
  if (line === "stop") isStopped = true;
  else if (line === "cut") for (const socket of sockets) socket.resetAndDestroy();
});
lines.on("close", () => process.exit(0));
