/**
 * The package resumable-stream as its documentation shows it, over Redis: `POST /start?id=` begins a stream, `GET /follow?id=` follows it, also
 * at another process. Arguments: URL of Redis, URL of the model. Prints its URL, ends with its standard input.
 */
import { once } from "node:events";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { createClient } from "@redis/client";
import { createResumableStreamContext } from "resumable-stream/generic";

const [redisUrl = "", modelUrl = ""] = process.argv.slice(2);
const publisher = createClient({ url: redisUrl });
const subscriber = createClient({ url: redisUrl });
await Promise.all([publisher.connect(), subscriber.connect()]);
const context = createResumableStreamContext({ waitUntil: null, publisher, subscriber });

/** The model's own events, handed on. */
async function askModel(): Promise<ReadableStream<string>> {
  const response = await fetch(`${modelUrl}/chat/completions`, {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify({ model: "steady", stream: true, messages: [{ role: "user", content: "Speak." }] }),
  });
  if (!response.body) throw new Error("the model answered without a body");
  return response.body.pipeThrough(new TextDecoderStream());
}

async function send(stream: ReadableStream<string> | null | undefined, response: ServerResponse): Promise<void> {
  if (!stream) {
    response.writeHead(404).end();
    return;
  }
  response.writeHead(200, { "Content-Type": "text/event-stream" });
  for await (const piece of stream) if (!response.write(piece)) await once(response, "drain");
  response.end();
}

async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const id = new URL(request.url ?? "/", "http://peer").searchParams.get("id") ?? "";
  if (request.method !== "POST") return send(await context.resumeExistingStream(id), response);
  const source = await askModel();
  // The one who asked reads too.
  return send(await context.createNewResumableStream(id, () => source), response);
}

const server = createServer((request, response) => {
  response.on("error", () => undefined);
  answer(request, response).catch(() => response.destroy());
});
server.listen({ host: "127.0.0.1", port: 0, backlog: 4096 });
await once(server, "listening");
console.log(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
process.stdin.resume().on("end", () => process.exit(0));
