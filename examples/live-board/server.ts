/** The whole server: the page's files, and one event stream of three channels. What is told in them is in board.ts. */
import { once } from "node:events";
import { readFile } from "node:fs/promises";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { fileURLToPath } from "node:url";
import { openMemoryLog } from "@typebar/log/memory";
import { createHub } from "@typebar/server";
import { type BoardChannels, channels, runBoard } from "./board.ts";

const html = "text/html; charset=utf-8";
const css = "text/css; charset=utf-8";
const javaScript = "text/javascript; charset=utf-8";
const files = new Map([
  ["/", { url: import.meta.resolve("./page/index.html"), type: html }],
  ["/board.css", { url: import.meta.resolve("./page/board.css"), type: css }],
  ["/main.js", { url: import.meta.resolve("./page/main.js"), type: javaScript }],
  ["/follow.js", { url: import.meta.resolve("./page/follow.js"), type: javaScript }],
  ["/sparkline.js", { url: import.meta.resolve("./page/sparkline.js"), type: javaScript }],
  ["/texts.js", { url: import.meta.resolve("./page/texts.js"), type: javaScript }],
  ["/uplot.js", { url: import.meta.resolve("uplot/dist/uPlot.esm.js"), type: javaScript }],
  ["/uplot.css", { url: import.meta.resolve("uplot/dist/uPlot.min.css"), type: css }],
]);

const hub = createHub<BoardChannels>({
  // In memory the channels end with the process; the page is told so by `reset` when it comes back.
  log: openMemoryLog(),
  history: { count: 180, ageMs: 600_000 },
  presence: (channel) => (channel === "visitors" ? "count" : "off"),
  limits: { connectionsPerAddress: 200 },
});

const server = createServer((request, response) => {
  answer(request, response).catch((error: unknown) => {
    console.error(error);
    response.destroy();
  });
});
const stopping = new AbortController();
const board = runBoard(hub, stopping.signal);
server.listen(Number(process.env["PORT"] ?? 8080), process.env["HOST"] ?? "127.0.0.1");
await once(server, "listening");
const address = server.address();
if (address !== null && typeof address === "object") console.log(`http://${address.address}:${address.port}/`);

for (const signal of ["SIGINT", "SIGTERM"] as const) {
  process.once(signal, () => {
    stopping.abort();
    // First the door, then the guests: whoever is sent away comes back to the next server.
    server.close();
    void Promise.all([board, hub.close()]).then(() => server.closeIdleConnections());
  });
}

async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const [pathname = "/"] = (request.url ?? "/").split("?");
  if (request.method !== "GET") return void response.writeHead(405, { Allow: "GET" }).end();
  if (pathname === "/events") return hub.handle(request, response, { channels, history: 180 });
  const file = files.get(pathname);
  if (!file) return void response.writeHead(404).end();
  const body = await readFile(fileURLToPath(file.url));
  response.writeHead(200, { "Content-Type": file.type, "Cache-Control": "no-cache" }).end(body);
}
