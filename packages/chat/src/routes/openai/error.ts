/** Errors in OpenAI's shape: what its clients read a code and a sentence from. Used for every path below /v1/. */
import type { EndMetadata, GenerationErrorCode, ProblemCode } from "../../protocol.ts";
import { problem, type ProblemOptions, toErrorResponse, toProblem } from "../problem.ts";

/** Body of an error answer, and of a block in the middle of a stream. */
export interface OpenAIError {
  error: { message: string; type: string; param: string | null; code: string | null };
}

/** Where OpenAI has a code of its own that clients know; every other code is ours. */
const knownCodes: Partial<Record<ProblemCode, string>> = {
  unauthorized: "invalid_api_key",
  "unknown-model": "model_not_found",
};
const ownStatus: Partial<Record<ProblemCode, number>> = { "unknown-model": 404 };

/** What an answer that could not be given is, as an HTTP status. The default is 502: it is the provider's fault. */
const failureStatus: Partial<Record<GenerationErrorCode, number>> = {
  "provider-rate-limited": 429,
  "provider-rejected": 400,
  "provider-unavailable": 503,
  "first-token-timeout": 504,
  "silence-timeout": 504,
  "total-timeout": 504,
  "store-unavailable": 503,
  internal: 500,
};

/** How an error before an answer is told at a path. */
export function problemFor(path: string): typeof problem {
  return path.startsWith("/v1/") ? openAIProblem : problem;
}

function openAIProblem(code: ProblemCode, options: ProblemOptions = {}): Response {
  const { status, title, detail } = toProblem(code, { status: ownStatus[code], ...options } as ProblemOptions);
  const error = toError(status, detail ?? `${title}.`, knownCodes[code] ?? code, options.param);
  return toErrorResponse(status, "application/json", error, options.headers);
}

/** The end of an answer that failed, for a client that waited for all of it. */
export function toFailureResponse(end: EndMetadata, message: string, headers: Record<string, string>): Response {
  const error = toFailure(end, message);
  return toErrorResponse(statusOf(end), "application/json", error, headers);
}

/** The end of an answer that failed, for a client that reads its stream. */
export function toFailure(end: EndMetadata, message: string): OpenAIError {
  return toError(statusOf(end), message, end.code ?? "internal");
}

function statusOf({ code }: EndMetadata): number {
  return (code && failureStatus[code]) ?? 502;
}

function toError(status: number, message: string, code: string, param?: string): OpenAIError {
  return { error: { message, type: typeOf(status), param: param ?? null, code } };
}

function typeOf(status: number): string {
  if (status === 401) return "authentication_error";
  if (status === 429) return "rate_limit_error";
  return status < 500 ? "invalid_request_error" : "server_error";
}
