/** A refusal of the hub as `application/problem+json`. Used by hub where it answers requests itself. */
import type { ServerResponse } from "node:http";
import { joinHeaders, joinWebHeaders, type StreamHeaders } from "../stream-headers.ts";
import type { HubError } from "./errors.ts";

/** How long a client waits before it asks again, in seconds, where asking again helps. */
const retryAfterSeconds = 1;

interface Answer {
  status: number;
  headers: Record<string, string>;
  body: string;
}

function toAnswer({ code, status, message }: HubError): Answer {
  return {
    status,
    headers: {
      "Content-Type": "application/problem+json",
      "Cache-Control": "no-store",
      ...((status === 503 || status === 429) && { "Retry-After": String(retryAfterSeconds) }),
    },
    body: JSON.stringify({ type: "about:blank", title: message, status, code }),
  };
}

export function writeProblem(response: ServerResponse, error: HubError, others: StreamHeaders = {}): void {
  if (response.headersSent || response.destroyed) return;
  const { status, headers, body } = toAnswer(error);
  response.writeHead(status, joinHeaders(headers, others)).end(body);
}

export function toProblemResponse(error: HubError, others: StreamHeaders = {}): Response {
  const { status, headers, body } = toAnswer(error);
  return new Response(body, { status, headers: joinWebHeaders(headers, others) });
}
