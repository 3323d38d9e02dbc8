/** A stranger's program in TypeScript: a log, a server and a client of the packed packages. Copied by packed.test.ts. */
import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import type { Chunk } from "@typebar/chat/protocol";
import { openEventStream } from "@typebar/client";
import type { EventStreamErrorCode } from "@typebar/client";
import { start } from "@typebar/log";
import type { LogRecord, RecordLog } from "@typebar/log";
import { openMemoryLog } from "@typebar/log/memory";
import { openSqliteLog } from "@typebar/log/sqlite";
import { createEventStreams } from "@typebar/server";
import type { RecordFormat } from "@typebar/server";
import { createEventParser, encodeEvent } from "@typebar/sse";
import type { IncomingEvent } from "@typebar/sse";

const format: RecordFormat = {
  toEvent: ({ payload, seq }: LogRecord) => ({ data: payload, id: String(seq), end: payload === "bye" }),
  merge: (records) => [...records],
};

async function readOver(log: RecordLog): Promise<string[]> {
  await log.append("news", "any", ["hello", "bye"]);
  const streams = createEventStreams({ log });
  const server = createServer((request, response) => {
    void streams.open({ request, response, source: { logId: "news" }, format, after: start, rotate: false });
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  const seen: string[] = [];
  for await (const { data, lastEventId } of openEventStream(
    `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
  )) {
    seen.push(`${lastEventId} ${data}`);
    if (data === "bye") break;
  }
  await streams.close();
  server.closeAllConnections();
  server.close();
  return seen;
}

function parse(bytes: Uint8Array): IncomingEvent[] {
  const events: IncomingEvent[] = [];
  createEventParser({ onEvent: (event) => events.push(event) }).push(bytes);
  return events;
}

const chunk: Chunk = { type: "text-delta", id: "t0", delta: "Hi" };
const code: EventStreamErrorCode = "network";
// @ts-expect-error: the types are the packages' own, not `any`
const wrong: EventStreamErrorCode = "no such code";
await using memory = openMemoryLog();
await using sqlite = openSqliteLog({ path: "log.db" });
console.log(
  JSON.stringify({
    memory: await readOver(memory),
    sqlite: await readOver(sqlite),
    parsed: parse(encodeEvent({ data: JSON.stringify(chunk), id: code, event: wrong })),
  }),
);
