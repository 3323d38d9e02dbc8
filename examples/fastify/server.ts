/** The whole server: `POST /notes` publishes, `GET /events` follows. */
import { readFile } from "node:fs/promises";
import { openMemoryLog } from "@typebar/log/memory";
import { createHub } from "@typebar/server";
import fastify from "fastify";

const hub = createHub<{ notes: { note: { text: string } } }>({ log: openMemoryLog() });
const app = fastify();

app.get("/", async (_request, reply) => {
  return reply.type("text/html; charset=utf-8").send(await readFile(`${import.meta.dirname}/page.html`));
});

app.get("/events", async (request, reply) => {
  // From here on the response is the hub's.
  reply.hijack();
  await hub.handle(request.raw, reply.raw, { channels: ["notes"], history: 100 });
});

const text = { type: "string", minLength: 1, maxLength: 500 } as const;
const schema = { body: { type: "object", required: ["text"], properties: { text } } } as const;

app.post<{ Body: { text: string } }>("/notes", { schema }, async (request, reply) => {
  await hub.publish("notes", { event: "note", data: { text: request.body.text } });
  return reply.code(204).send();
});

console.log(await app.listen({ port: Number(process.env["PORT"] ?? 8080), host: "127.0.0.1" }));
