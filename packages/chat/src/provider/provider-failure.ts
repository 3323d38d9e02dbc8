/** Whatever an AI SDK package or `fetch` throws -> a ProviderError that is safe to show. Called by stream-model.ts and list-models.ts. */
import {
  APICallError,
  InvalidPromptError,
  InvalidResponseDataError,
  UnsupportedFunctionalityError,
} from "@ai-sdk/provider";
import { ProviderError } from "./provider.ts";
import { parseRetryAfterMs } from "./retry-after.ts";

export interface FailureContext {
  providerName: string;
  /** Whether the request asked to go on with a cut answer. */
  continues: boolean;
  /** Milliseconds since the epoch, to count down a `Retry-After` date. */
  nowMs: number;
}

/** The error's own message never leaves: it may quote the key, the prompt or the provider's insides. */
export function toProviderError(error: unknown, context: FailureContext): ProviderError {
  if (error instanceof ProviderError) return error;
  if (APICallError.isInstance(error)) return fromApiCallError(error, context);
  if (UnsupportedFunctionalityError.isInstance(error) || InvalidPromptError.isInstance(error)) {
    const message = `${context.providerName} cannot be asked this: something in the messages or settings is not known there.`;
    return new ProviderError("provider-rejected", message, { cause: toCause(error) });
  }
  if (isMissingFinish(error)) return incomplete(context.providerName);
  const status = readStatus(error);
  if (status !== undefined) return fromStreamStatus(status, context, error);
  if (error instanceof TypeError) return unreachable(context, error);
  return unreadable(context, error);
}

/** The upstream ended without saying why. */
export function incomplete(providerName: string): ProviderError {
  return new ProviderError(
    "provider-incomplete",
    `${providerName} broke off without saying that the answer is complete.`,
  );
}

function fromApiCallError(error: APICallError, context: FailureContext): ProviderError {
  const { statusCode: status } = error;
  if (status === undefined) return unreachable(context, error);
  // A status of success here means that the body broke: by the network, or by what stood in it.
  if (status < 400) {
    return error.isRetryable || error.cause instanceof TypeError
      ? unreachable(context, error)
      : unreadable(context, error);
  }
  const retryAfterMs = parseRetryAfterMs({
    headers: error.responseHeaders ?? {},
    body: error.responseBody,
    nowMs: context.nowMs,
  });
  return fromStatus({ status, body: error.responseBody ?? "", retryAfterMs, cause: toCause(error), context });
}

interface StatusFailure {
  status: number;
  body: string;
  retryAfterMs: number | undefined;
  cause: Error;
  context: FailureContext;
}

function fromStatus({ status, body, retryAfterMs, cause, context }: StatusFailure): ProviderError {
  const name = context.providerName;
  const options = { cause, ...(retryAfterMs === undefined ? {} : { retryAfterMs }) };
  // Google answers a wrong key with 400.
  if (status === 401 || status === 403 || (status === 400 && body.includes("API_KEY_INVALID"))) {
    return new ProviderError("provider-unauthorized", `${name} refused the API key (HTTP ${status}).`, options);
  }
  if (status === 429) {
    const when = retryAfterMs === undefined ? "later" : `in ${Math.max(1, Math.ceil(retryAfterMs / 1000))} s`;
    return new ProviderError(
      "provider-rate-limited",
      `${name} limits requests or the quota is used up; try again ${when}.`,
      options,
    );
  }
  if (status >= 500 || status === 408 || status === 409 || status === 425) {
    return new ProviderError("provider-unavailable", `${name} is not able to answer now (HTTP ${status}).`, options);
  }
  if (context.continues && (status === 400 || status === 404 || status === 422)) {
    return new ProviderError(
      "continuation-unsupported",
      `${name} does not go on with an answer this way (HTTP ${status}).`,
      options,
    );
  }
  const hint = status === 404 ? " Does it have this model?" : "";
  return new ProviderError("provider-rejected", `${name} rejected the request (HTTP ${status}).${hint}`, options);
}

/** An error that came inside a stream: its status is the provider's guess, so only the telling ones count. */
function fromStreamStatus(status: number, context: FailureContext, error: unknown): ProviderError {
  const telling = status === 401 || status === 403 || status === 429 || status === 503 || status === 529;
  if (!telling) return unreadable(context, error, "reported an error in the middle of the answer.");
  return fromStatus({ status, body: "", retryAfterMs: undefined, cause: toCause(error), context });
}

function unreachable({ providerName }: FailureContext, error: unknown): ProviderError {
  const message = `${providerName} cannot be reached, or the connection to it broke.`;
  return new ProviderError("provider-unavailable", message, { cause: toCause(error) });
}

function unreadable(
  { providerName }: FailureContext,
  error: unknown,
  what = "answered with something that is no answer.",
): ProviderError {
  return new ProviderError("provider-error", `${providerName} ${what}`, { cause: toCause(error) });
}

/** `@ai-sdk/openai-compatible` reports an end without a finish reason as an error that quotes no data. */
function isMissingFinish(error: unknown): boolean {
  return InvalidResponseDataError.isInstance(error) && error.data === undefined;
}

const statusByType: Record<string, number> = {
  authentication_error: 401,
  permission_error: 403,
  rate_limit_error: 429,
  overloaded_error: 529,
};

/** The HTTP-like status of an error object that came inside a stream; `undefined` if it is none. */
function readStatus(error: unknown): number | undefined {
  if (typeof error !== "object" || error === null || error instanceof Error) return undefined;
  const fields: { statusCode?: unknown; code?: unknown; type?: unknown } = error;
  for (const value of [fields.statusCode, fields.code]) {
    const status = Number(value);
    if (Number.isInteger(status) && status >= 400 && status <= 599) return status;
  }
  return (typeof fields.type === "string" ? statusByType[fields.type] : undefined) ?? 500;
}

/**
 * What may go into a server's log: kind, status and system code. The original is left out, because it carries the
 * whole conversation and whatever the provider answered.
 */
function toCause(error: unknown): Error {
  const parts: string[] = [];
  for (let current = error; current instanceof Error && parts.length < 8; current = current.cause) {
    parts.push(current.name);
    if (APICallError.isInstance(current) && current.statusCode !== undefined) parts.push(`HTTP ${current.statusCode}`);
    if ("code" in current && typeof current.code === "string") parts.push(current.code);
  }
  return new Error(parts.length === 0 ? "error reported inside the stream" : parts.join(" "));
}
