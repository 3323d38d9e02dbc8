/** Errors before a stream starts: `application/problem+json` with a code of the closed set. */
import type { Problem, ProblemCode } from "../protocol.ts";

/** HTTP status and short title of each code. */
const problems: Readonly<Record<ProblemCode, readonly [status: number, title: string]>> = {
  "bad-request": [400, "The request is not valid"],
  "body-not-json": [400, "The body is not JSON"],
  "body-too-large": [413, "The body is too large"],
  "unsupported-media-type": [415, "The body is of a type that is not taken here"],
  unauthorized: [401, "A password is needed"],
  "too-many-attempts": [429, "Too many failed attempts"],
  "forbidden-origin": [403, "This origin is not allowed"],
  "wrong-host": [421, "This host name is not served here"],
  "not-found": [404, "Not found"],
  "method-not-allowed": [405, "Method not allowed"],
  "not-acceptable": [406, "Only an event stream can be had here"],
  "unknown-model": [400, "There is no such model"],
  "no-model": [503, "No model can be had now"],
  "unknown-event-id": [404, "The event ID is not known"],
  "conversation-busy": [409, "The conversation is being answered already"],
  "nothing-to-answer": [409, "There is no message to answer"],
  "nothing-to-continue": [409, "There is no answer to continue"],
  "key-reused": [422, "The key was used for another request"],
  "too-many-streams": [429, "Too many event streams are open"],
  "publishing-off": [403, "Nothing can be published here"],
  "reserved-channel": [403, "The channel is the server's own"],
  "event-too-large": [413, "An event is too large, or there are too many"],
  "store-unavailable": [503, "The store does not answer"],
  draining: [503, "The server is being stopped"],
  internal: [500, "Something went wrong on the server"],
};

export interface ProblemOptions {
  /** What exactly was wrong, in a sentence safe to show. */
  detail?: string;
  /** Where a code has more than one status. */
  status?: number;
  generationId?: string;
  /** Which field of the body, where only one is to blame. */
  param?: string;
  headers?: Record<string, string>;
}

/** How long a client waits before it comes back to a server that cannot serve now, in seconds. */
const retryAfterSeconds = 1;

export function toProblem(code: ProblemCode, { detail, status, generationId }: ProblemOptions = {}): Problem {
  const [usualStatus, title] = problems[code];
  return {
    type: `/docs/errors.md#${code}`,
    title,
    status: status ?? usualStatus,
    code,
    ...(detail !== undefined && { detail }),
    ...(generationId !== undefined && { generationId }),
  };
}

export function problem(code: ProblemCode, options: ProblemOptions = {}): Response {
  const body = toProblem(code, options);
  return toErrorResponse(body.status, "application/problem+json", body, options.headers);
}

export function toErrorResponse(
  status: number,
  contentType: string,
  body: object,
  headers: Record<string, string> | undefined,
): Response {
  return new Response(JSON.stringify(body), {
    status,
    headers: {
      "Content-Type": contentType,
      "Cache-Control": "no-store",
      ...(status === 503 && { "Retry-After": String(retryAfterSeconds) }),
      ...headers,
    },
  });
}

/** Streams end by themselves, and sooner or later a place is free. */
export const tooManyStreams: ProblemOptions = { headers: { "Retry-After": "5" } };

/** A problem found deep inside a route. */
export class ProblemError extends Error {
  readonly code: ProblemCode;
  readonly options: ProblemOptions;

  constructor(code: ProblemCode, options: ProblemOptions = {}) {
    super(options.detail ?? code);
    this.name = "ProblemError";
    this.code = code;
    this.options = options;
  }
}
