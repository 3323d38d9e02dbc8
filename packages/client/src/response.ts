/** What an HTTP answer means for the stream. Pure; asked by attempt.ts when the head of a response is there. */

export type Verdict = "open" | "over" | "retry" | "reject" | "wrong-content-type";

/** @see https://html.spec.whatwg.org/multipage/server-sent-events.html#sse-processing-model */
export function judgeResponse(status: number, contentType: string | null): Verdict {
  if (status === 204) return "over";
  if (status === 429 || status >= 500) return "retry";
  if (status !== 200) return "reject";
  const essence = (contentType ?? "").split(";", 1)[0]?.trim().toLowerCase();
  return essence === "text/event-stream" ? "open" : "wrong-content-type";
}

/**
 * `Retry-After` in milliseconds from now: a number of seconds or an HTTP date.
 *
 * @returns `undefined` if the header is absent or neither.
 * @see https://www.rfc-editor.org/rfc/rfc9110#field.retry-after
 */
export function parseRetryAfter(value: string | null, nowMs: number): number | undefined {
  if (value === null) return undefined;
  if (/^\d+$/.test(value.trim())) return Number(value) * 1000;
  // Only what looks like an HTTP date: Date.parse also takes "-5" and "1.5" for years.
  const dateMs = /^[A-Z][a-z]{2}/.test(value) ? Date.parse(value) : Number.NaN;
  return Number.isNaN(dateMs) ? undefined : Math.max(0, dateMs - nowMs);
}

/** The body of an error answer, if it says that it is JSON and is an object. */
export function parseProblem(contentType: string | null, body: string): Readonly<Record<string, unknown>> | undefined {
  if (!/^application\/(?:[\w.-]+\+)?json\b/i.test(contentType ?? "")) return undefined;
  try {
    const problem: unknown = JSON.parse(body);
    return isRecord(problem) ? problem : undefined;
  } catch {
    return undefined;
  }
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
