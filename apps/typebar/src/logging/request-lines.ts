/** Each request -> a line of the log at its beginning and one at its end, where somebody debugs. Called by the composition root. */
import type { IncomingMessage, ServerResponse } from "node:http";
import type { Logger } from "pino";
import { requestIdOf } from "./request-id.ts";

const pathWords = new Set(
  "api v1 chat stream generations events stop conversations models channels completions livez readyz metrics sign-in sign-out docs assets".split(
    " ",
  ),
);
const maxSegments = 8;

export function logRequest(logger: Logger, incoming: IncomingMessage, outgoing: ServerResponse, path: string): void {
  if (!logger.isLevelEnabled("debug")) return;
  const startMs = performance.now();
  const asked = { requestId: requestIdOf(incoming), method: incoming.method, route: toRoute(path) };
  logger.debug(asked, "a request begins");
  outgoing.once("close", () => {
    logger.debug(
      {
        ...asked,
        status: outgoing.headersSent ? outgoing.statusCode : undefined,
        generationId: outgoing.getHeader("Typebar-Generation"),
        conversationId: outgoing.getHeader("Typebar-Conversation"),
        // A stream that was cut off, or whose client left, was not.
        whole: outgoing.writableFinished,
        durationMs: Math.round(performance.now() - startMs),
      },
      "a request ends",
    );
  });
}

/** Trust boundary: an address may hold anything, so only words that are ours are written. */
function toRoute(path: string): string {
  const segments = path.split("/", maxSegments + 1).slice(1);
  return `/${segments.map((segment) => (segment === "" || pathWords.has(segment) ? segment : ":id")).join("/")}`;
}
