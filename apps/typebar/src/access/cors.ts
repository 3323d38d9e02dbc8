/** Lets pages of TYPEBAR_ORIGINS read what this server answers; off for everybody else. Used by access.ts. */
import type { IncomingHttpHeaders } from "node:http";

const allowedHeaders = [
  "Authorization",
  "token",
  "Content-Type",
  "Last-Event-ID",
  "Idempotency-Key",
  "Typebar-Resume",
  "X-Request-Id",
  "User-Agent",
];
/** What OpenAI's own client adds to every request: facts about itself, of which nothing is read here. */
const openAIClientHeader = /^(?:x-stainless-[a-z-]{1,40}|openai-(?:organization|project))$/;
const exposedHeaders = [
  "Typebar-Generation",
  "Typebar-Conversation",
  "Content-Location",
  "Retry-After",
  "X-Request-Id",
];
const preflightSeconds = 600;

export interface Cors {
  /** For every answer to this request. */
  answerHeaders: (headers: IncomingHttpHeaders) => Record<string, string>;
  /** For a preflight request; `undefined` if it is none, or none of an allowed origin. */
  preflightHeaders: (method: string, headers: IncomingHttpHeaders) => Record<string, string> | undefined;
}

export function createCors(origins: readonly string[]): Cors {
  const isListed = (origin: string | undefined): origin is string => origin !== undefined && origins.includes(origin);
  const answerHeaders = ({ origin }: IncomingHttpHeaders): Record<string, string> => {
    if (origins.length === 0) return {};
    if (!isListed(origin)) return { Vary: "Origin" };
    return {
      Vary: "Origin",
      "Access-Control-Allow-Origin": origin,
      "Access-Control-Allow-Credentials": "true",
      "Access-Control-Expose-Headers": exposedHeaders.join(", "),
    };
  };
  return {
    answerHeaders,
    preflightHeaders: (method, headers) => {
      if (method !== "OPTIONS" || headers["access-control-request-method"] === undefined || !isListed(headers.origin)) {
        return undefined;
      }
      return {
        ...answerHeaders(headers),
        "Access-Control-Allow-Methods": "GET, HEAD, POST, PATCH, DELETE",
        "Access-Control-Allow-Headers": [...allowedHeaders, ...openAIClientHeaders(headers)].join(", "),
        "Access-Control-Max-Age": String(preflightSeconds),
      };
    },
  };
}

function openAIClientHeaders(headers: IncomingHttpHeaders): string[] {
  const asked = headers["access-control-request-headers"]?.toLowerCase().split(/ *, */) ?? [];
  return asked.filter((name) => openAIClientHeader.test(name));
}
