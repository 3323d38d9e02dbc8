/** Answers the cases as they say, notes the requests, hands out the runs and takes the report. Opened by runtimes.test.ts. */
import { createServer } from "node:http";
import type { IncomingMessage, RequestListener, Server, ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { text } from "node:stream/consumers";
import { setTimeout as sleep } from "node:timers/promises";
import type { CaseAnswer, CaseRequest, CaseRun } from "./case.ts";
import type { Report } from "./run-all.ts";

export interface CaseServer extends AsyncDisposable {
  /** Page, program, runs and report. */
  url: string;
  /** The cases, on another port: another origin. */
  casesUrl: string;
  /** What was asked, by the run's key, in order. */
  requests: Map<string, Required<CaseRequest>[]>;
  /** Resolves when a runtime has done all runs. */
  report: Promise<Report>;
}

export async function openCaseServer(runs: CaseRun[], program: string): Promise<CaseServer> {
  const byKey = new Map(runs.map((run) => [run.key, run]));
  const requests: CaseServer["requests"] = new Map();
  const { promise: report, resolve } = Promise.withResolvers<Report>();
  const cases = await listen((request, response) => void answerCase(request, response));
  const casesUrl = urlOf(cases);
  const own = await listen((request, response) => void answerOwn(request, response));
  const url = urlOf(own);

  async function answerOwn(request: IncomingMessage, response: ServerResponse): Promise<void> {
    if (request.url === "/report") {
      resolve(JSON.parse(await text(request)) as Report);
      response.end();
    } else if (request.url === "/runs") {
      response.setHeader("Content-Type", "application/json").end(JSON.stringify(runs));
    } else if (request.url === "/program.js") {
      response.setHeader("Content-Type", "text/javascript").end(program);
    } else {
      const start = `import { runAll } from "/program.js"; runAll(${JSON.stringify(url)}, ${JSON.stringify(casesUrl)});`;
      response
        .setHeader("Content-Type", "text/html")
        .end(`<!doctype html><title>cases</title><script type="module">${start}</script>`);
    }
  }

  async function answerCase(request: IncomingMessage, response: ServerResponse): Promise<void> {
    response.setHeader("Access-Control-Allow-Origin", "*");
    response.setHeader("Access-Control-Expose-Headers", "Retry-After");
    if (request.method === "OPTIONS") {
      response.setHeader("Access-Control-Allow-Methods", "GET, POST, PUT");
      response.setHeader("Access-Control-Allow-Headers", "content-type, last-event-id, token, cache-control, pragma");
      response.writeHead(204).end();
      return;
    }
    const { 2: key = "", 3: moved } = (request.url ?? "").split("/");
    const run = byKey.get(key);
    if (run === undefined) throw new Error(`No case at ${request.url}`);
    const asked = requests.get(key) ?? [];
    requests.set(key, asked);
    const noted = await note(request);
    // A redirect's target is the same attempt.
    if (moved === undefined) asked.push(noted);
    else asked[asked.length - 1] = noted;
    const answer = run.case.answers[asked.length - 1] ?? { status: 204 };
    if (moved === undefined && answer.headers?.["Location"] !== undefined) {
      response.writeHead(answer.status ?? 307, { Location: `/run/${key}/moved` }).end();
      return;
    }
    const followed = moved === undefined ? answer : { ...answer, status: 200, headers: streamHeaders };
    await send(response, followed, answer.follow ? blocksAfter(run, noted.lastEventId) : "").catch(() => {});
  }

  return {
    url,
    casesUrl,
    requests,
    report,
    async [Symbol.asyncDispose]() {
      for (const server of [own, cases]) {
        server.closeAllConnections();
        await new Promise((done) => {
          server.close(done);
        });
      }
    },
  };
}

const streamHeaders = { "Content-Type": "text/event-stream" };

async function note(request: IncomingMessage): Promise<Required<CaseRequest>> {
  const { method = "", headers } = request;
  const id = headers["last-event-id"];
  const named = ["content-type", "accept", "token"].flatMap((name) => (headers[name] ? [[name, headers[name]]] : []));
  return {
    method,
    headers: Object.fromEntries(named) as Record<string, string>,
    body: await text(request),
    lastEventId: id === undefined ? null : Buffer.from(String(id), "latin1").toString("utf8"),
  };
}

function blocksAfter(run: CaseRun, lastEventId: string | null): string {
  const blocks = run.case.blocks ?? [];
  const at = blocks.findIndex(({ id }) => id === lastEventId) + 1;
  return blocks
    .slice(at)
    .map(({ text }) => text)
    .join("");
}

async function send(response: ServerResponse, answer: CaseAnswer, followed: string): Promise<void> {
  const { status = 200, body = [], pieceBytes = Infinity, upToBytes = Infinity, then = "end" } = answer;
  response.writeHead(status, answer.headers ?? (status === 200 ? streamHeaders : {}));
  if (status === 204 || status === 304) return void response.end();
  response.flushHeaders();
  let left = upToBytes;
  for (const step of [{ text: followed }, ...body]) {
    if ("pauseMs" in step) {
      await sleep(step.pauseMs);
      continue;
    }
    const bytes = ("text" in step ? Buffer.from(step.text) : Buffer.from(step.base64, "base64")).subarray(0, left);
    left -= bytes.length;
    for (let at = 0; at < bytes.length; at += pieceBytes) {
      await write(response, bytes.subarray(at, at + pieceBytes));
    }
  }
  if (then === "end") response.end();
  if (then !== "reset") return;
  // A reset discards what the client has not read yet.
  await sleep(400);
  response.socket?.resetAndDestroy();
}

function write(response: ServerResponse, bytes: Buffer): Promise<void> {
  return new Promise((resolve) => {
    // A turn of its own for each piece, so that it can be a packet of its own.
    response.write(bytes, () => setImmediate(resolve));
  });
}

async function listen(listener: RequestListener): Promise<Server> {
  const server = createServer({ noDelay: true }, listener);
  await new Promise<void>((resolve) => {
    server.listen(0, "127.0.0.1", resolve);
  });
  return server;
}

function urlOf(server: Server): string {
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}
