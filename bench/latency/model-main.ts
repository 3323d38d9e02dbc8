/** An OpenAI-compatible model that speaks stamped deltas at a given rate to everybody. Prints its base URL, ends with its standard input. */
import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { type Spoken, spokenPath } from "./spoken.ts";
import { stampedDelta } from "./stamped-text.ts";
import { createTicker } from "./ticker.ts";

const ticker = createTicker(1000 / Number(process.argv[2]));
let deltas = 0;

function tellSpoken(): Spoken {
  const { user, system } = process.cpuUsage();
  return { deltas, cpuSeconds: (user + system) / 1e6 };
}

const server = createServer((request, response) => {
  request.resume();
  if (request.url?.endsWith(spokenPath)) {
    response.end(JSON.stringify(tellSpoken()));
    return;
  }
  if (request.method === "GET") {
    response.setHeader("Content-Type", "application/json");
    response.end(JSON.stringify({ object: "list", data: [{ id: "steady", object: "model", owned_by: "bench" }] }));
    return;
  }
  response.writeHead(200, { "Content-Type": "text/event-stream" });
  const speak = (): void => {
    deltas += 1;
    const choices = [{ index: 0, delta: { content: stampedDelta() }, finish_reason: null }];
    response.write(
      `data: ${JSON.stringify({ id: "c", object: "chat.completion.chunk", created: 0, model: "steady", choices })}\n\n`,
    );
  };
  response.on("close", ticker.add(speak));
});
server.listen({ host: "127.0.0.1", port: 0, backlog: 4096 });
await once(server, "listening");
console.log(`http://127.0.0.1:${(server.address() as AddressInfo).port}/v1`);
process.stdin.resume().on("end", () => process.exit(0));
