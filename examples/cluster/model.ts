/**
 * A model to try the cluster with: it counts to 600, ten numbers a second, so that anybody sees whether one is missing or comes twice.
 * Speaks OpenAI's protocol. Started by main.ts where no real model is set.
 */
import { once } from "node:events";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { json } from "node:stream/consumers";
import type { AddressInfo } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";

export interface CountingModel extends Disposable {
  /** What the nodes need to know of it. */
  env: NodeJS.ProcessEnv;
}

interface Question {
  messages: { role: string; content: string }[];
}

const name = "counts-to-600";
/** Between two numbers. */
const paceMs = Number(process.env["PACE_MS"] || 100);
const whole = Array.from({ length: 600 }, (_, index) => `${index + 1}`).join(" ");

export async function openCountingModel(): Promise<CountingModel> {
  const server = createServer((request, response) => {
    answer(request, response).catch(() => response.destroy());
  });
  await once(server.listen(0, "127.0.0.1"), "listening");
  const { port } = server.address() as AddressInfo;
  return {
    env: {
      OPENAI_BASE_URL: `http://127.0.0.1:${port}/v1`,
      TYPEBAR_MODEL: name,
      // Whoever goes on with an answer sends what is there as its beginning, and gets the rest.
      TYPEBAR_CONTINUATION: "prefill",
    },
    [Symbol.dispose]() {
      server.close();
      server.closeAllConnections();
    },
  };
}

async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
  if (request.method === "GET") return void response.end(JSON.stringify({ data: [{ id: name, object: "model" }] }));
  const { messages } = (await json(request)) as Question;
  const last = messages.at(-1);
  const begun = last?.role === "assistant" ? last.content : "";
  response.writeHead(200, { "Content-Type": "text/event-stream" });
  for (const piece of whole.slice(begun.length).match(/ ?\d+| $/g) ?? []) {
    if (response.destroyed) return;
    send(response, { delta: { content: piece }, finish_reason: null });
    await sleep(paceMs);
  }
  send(response, { delta: {}, finish_reason: "stop" });
  response.end("data: [DONE]\n\n");
}

function send(response: ServerResponse, choice: object): void {
  const chunk = { id: "counting", object: "chat.completion.chunk", created: 0, model: name };
  response.write(`data: ${JSON.stringify({ ...chunk, choices: [{ index: 0, ...choice }] })}\n\n`);
}
