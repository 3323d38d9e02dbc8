/** A stranger's program in JavaScript: a client that comes through a cut. Copied by packed.test.ts. */
import { once } from "node:events";
import { createServer } from "node:http";
import { closeData, terminalChunkTypes } from "@typebar/chat/protocol";
import { EventStreamError, openEventStream } from "@typebar/client";
import { LogError } from "@typebar/log";
import { encodeEvent, encodeRetry } from "@typebar/sse";

const words = ["one", "two", ...terminalChunkTypes, closeData];

const server = createServer((request, response) => {
  const next = Number(request.headers["last-event-id"] ?? 0);
  response.writeHead(200, { "Content-Type": "text/event-stream" });
  response.write(encodeRetry(1));
  // One event a response, and then it is cut.
  response.write(encodeEvent({ data: words[next] ?? "", id: String(next + 1) }), () => response.destroy());
}).listen(0, "127.0.0.1");
await once(server, "listening");

const address = server.address();
const port = typeof address === "object" ? address?.port : undefined;
/** @type {string[]} */
const seen = [];
for await (const { data } of openEventStream(`http://127.0.0.1:${port}`, { backoff: { maxMs: 1 } })) {
  seen.push(data);
  if (seen.length === words.length) break;
}
server.closeAllConnections();
server.close();
const errors = [EventStreamError, LogError].every((error) => error.prototype instanceof Error);
console.log(JSON.stringify({ seen, errors }));
