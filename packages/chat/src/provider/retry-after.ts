/** `Retry-After` and its relatives -> milliseconds to wait. Called by provider-failure.ts. */

interface RetryAfterOptions {
  /** Names in lower case. */
  headers: Record<string, string | undefined>;
  body: string | undefined;
  /** Milliseconds since the epoch. */
  nowMs: number;
}

/**
 * Reads, in this order: `retry-after-ms` (OpenAI), `Retry-After` in seconds or as an HTTP date, and Google's
 * `"retryDelay": "34s"` in the body. A date in the past means now.
 *
 * @see https://www.rfc-editor.org/rfc/rfc9110#name-retry-after
 */
export function parseRetryAfterMs({ headers, body, nowMs }: RetryAfterOptions): number | undefined {
  const milliseconds = toNumber(headers["retry-after-ms"]);
  if (milliseconds !== undefined) return Math.ceil(milliseconds);
  const header = headers["retry-after"]?.trim();
  const seconds = toNumber(header);
  if (seconds !== undefined) return Math.ceil(seconds * 1000);
  // A date names its month: `Date.parse` alone would also take "-5" for a year.
  const date = header !== undefined && /[A-Za-z]{3}/u.test(header) ? Date.parse(header) : Number.NaN;
  if (!Number.isNaN(date)) return Math.max(0, date - nowMs);
  const delay = toNumber(/"retryDelay"\s*:\s*"(\d+(?:\.\d+)?)s"/u.exec(body ?? "")?.[1]);
  return delay === undefined ? undefined : Math.ceil(delay * 1000);
}

function toNumber(text: string | undefined): number | undefined {
  return text !== undefined && /^\s*\d+(?:\.\d+)?\s*$/u.test(text) ? Number(text) : undefined;
}
