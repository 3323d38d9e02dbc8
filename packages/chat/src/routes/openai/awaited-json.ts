/**
 * A JSON answer that is long in coming: its head early, then an empty line now and then, for proxies and clients that end what is
 * silent. JSON may begin with white space. Called by routes/openai.
 */
import type { ServerResponse } from "node:http";
import { RESPONSE_ALREADY_SENT } from "@hono/node-server/utils/response";

export interface AwaitedJsonOptions {
  headers: Readonly<Record<string, string>>;
  /** How long the response may be silent, in milliseconds: until then its status can still be chosen. */
  heartbeatMs: number;
}

export interface AwaitedJson {
  /** Sends the answer: as it is while nothing was sent, else its body alone, under the status 200 that was sent before. */
  finish(answer: Response): Promise<Response>;
}

export function openAwaitedJson(outgoing: ServerResponse, { headers, heartbeatMs }: AwaitedJsonOptions): AwaitedJson {
  const timer = setInterval(beat, heartbeatMs);
  outgoing.once("close", () => clearInterval(timer));

  function beat(): void {
    if (!outgoing.headersSent) {
      const type = { "Content-Type": "application/json", "X-Accel-Buffering": "no" };
      outgoing.writeHead(200, { ...headers, ...type, "Cache-Control": "no-store, no-transform" });
    }
    outgoing.write("\n");
  }

  return {
    async finish(answer) {
      clearInterval(timer);
      if (!outgoing.headersSent) return answer;
      outgoing.end(await answer.text());
      return RESPONSE_ALREADY_SENT;
    },
  };
}
