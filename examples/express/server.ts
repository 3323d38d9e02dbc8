/** The whole server: `POST /notes` publishes, `GET /events` follows. */
import { openMemoryLog } from "@typebar/log/memory";
import { createHub } from "@typebar/server";
import express from "express";

const hub = createHub<{ notes: { note: { text: string } } }>({ log: openMemoryLog() });
const app = express();

app.get("/", (_request, response) => response.sendFile("page.html", { root: import.meta.dirname }));

app.get("/events", (request, response) => hub.handle(request, response, { channels: ["notes"], history: 100 }));

app.post("/notes", express.json(), (request, response, next) => {
  const text: unknown = request.body?.text;
  if (typeof text !== "string" || text.length === 0 || text.length > 500) return void response.sendStatus(400);
  hub.publish("notes", { event: "note", data: { text } }).then(() => response.sendStatus(204), next);
});

const port = Number(process.env["PORT"] ?? 8080);
app.listen(port, "127.0.0.1", () => console.log(`http://127.0.0.1:${port}/`));
