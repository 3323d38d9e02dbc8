/** The headers of an answer: its own, and those that a caller sends beside them. Used by the exchanges and for refusals. */
import type { OutgoingHttpHeaders } from "node:http";

/** As Fastify's `reply.getHeaders()` and Node's own give them: a list is one header each; what is `undefined` is not sent. */
export type StreamHeaders = Readonly<Record<string, number | string | readonly string[] | undefined>>;

/** Of every event stream: without them it would be held back or kept on its way. */
export const streamHeaders: Readonly<Record<string, string>> = {
  "Content-Type": "text/event-stream; charset=utf-8",
  "Cache-Control": "no-cache, no-store, no-transform",
  "X-Accel-Buffering": "no",
};

/** Its own stay as they are, whatever others are given, in whatever case. */
export function joinHeaders(own: Readonly<Record<string, string>>, others: StreamHeaders): OutgoingHttpHeaders {
  const joined: OutgoingHttpHeaders = { ...own };
  const ownNames = new Set(Object.keys(own).map((name) => name.toLowerCase()));
  for (const [name, value] of Object.entries(others)) {
    if (value === undefined || ownNames.has(name.toLowerCase())) continue;
    joined[name] = typeof value === "object" ? [...value] : value;
  }
  return joined;
}

/** The same for a web-standard response. */
export function joinWebHeaders(own: Readonly<Record<string, string>>, others: StreamHeaders): Headers {
  const headers = new Headers();
  for (const [name, value] of Object.entries(joinHeaders(own, others))) {
    for (const each of Array.isArray(value) ? value : [value]) headers.append(name, String(each));
  }
  return headers;
}
