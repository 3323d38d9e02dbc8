/** One subject in its own process: `in-process RATE`, `http RATE MODEL_URL` or `floor RATE`. Prints its URL, ends with its standard input. */
import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { createOpenAICompatibleProvider, type Provider } from "@typebar/chat";
import { openBenchChatServer } from "../chat-server.ts";
import { stampedDelta } from "./stamped-text.ts";
import { createTicker } from "./ticker.ts";

const [kind = "", rateText = "", modelUrl = ""] = process.argv.slice(2);
const ticker = createTicker(1000 / Number(rateText));

/** Speaks `rate` deltas a second to each question until it is stopped. */
function createSteadyProvider(): Provider {
  return {
    name: "steady",
    continuations: [],
    listModels: async () => [{ id: "steady/steady", name: "steady", provider: "steady", kind: "language-model" }],
    async *stream({ signal }) {
      let due = 0;
      let wake: (() => void) | undefined;
      const end = ticker.add(() => {
        due += 1;
        wake?.();
      });
      signal.addEventListener("abort", () => wake?.());
      try {
        while (!signal.aborted) {
          if (due === 0) await new Promise<void>((resolve) => (wake = resolve));
          for (; due > 0; due--) yield { type: "text", text: stampedDelta() };
        }
      } finally {
        end();
      }
      yield { type: "finish", finishReason: "stop" };
    },
  };
}

/** What cannot be beaten: nothing stored, nothing resumable, each delta written as it is made. */
async function openFloor(): Promise<string> {
  const server = createServer((request, response) => {
    request.resume();
    response.writeHead(200, { "Content-Type": "text/event-stream" });
    const speak = (): void =>
      void response.write(`data: {"type":"text-delta","id":"t0","delta":"${stampedDelta()}"}\n\n`);
    response.on("close", ticker.add(speak));
  });
  server.listen({ host: "127.0.0.1", port: 0, backlog: 4096 });
  await once(server, "listening");
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

const url =
  kind === "floor"
    ? await openFloor()
    : (
        await openBenchChatServer(
          kind === "http"
            ? createOpenAICompatibleProvider({ name: "model", baseUrl: modelUrl })
            : createSteadyProvider(),
        )
      ).url;
console.log(url);
process.stdin.resume().on("end", () => process.exit(0));
