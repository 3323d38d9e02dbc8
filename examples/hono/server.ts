/** The whole server: `POST /notes` publishes, `GET /events` follows. */
import { readFile } from "node:fs/promises";
import { serve } from "@hono/node-server";
import { openMemoryLog } from "@typebar/log/memory";
import { createHub } from "@typebar/server";
import { Hono } from "hono";

const hub = createHub<{ notes: { note: { text: string } } }>({ log: openMemoryLog() });
const app = new Hono();

app.get("/", async (context) => context.html(await readFile(`${import.meta.dirname}/page.html`, "utf8")));

app.get("/events", (context) => hub.respond(context.req.raw, { channels: ["notes"], history: 100 }));

app.post("/notes", async (context) => {
  const note = await context.req.json<{ text?: unknown } | null>().catch(() => null);
  const text = note?.text;
  if (typeof text !== "string" || text.length === 0 || text.length > 500) return context.body(null, 400);
  await hub.publish("notes", { event: "note", data: { text } });
  return context.body(null, 204);
});

serve({ fetch: app.fetch, port: Number(process.env["PORT"] ?? 8080), hostname: "127.0.0.1" }, ({ port }) => {
  console.log(`http://127.0.0.1:${port}/`);
});
