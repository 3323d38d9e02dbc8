/** Why the server was not reached, or refused -> one sentence to show. */
import { EventStreamError } from "@typebar/client";

/** @param url - What was asked for. */
export function explainError(error: unknown, url: URL): string {
  if (!(error instanceof EventStreamError)) return error instanceof Error ? error.message : String(error);
  const { status, problem } = error;
  if (status === 401)
    return `${url.origin} wants a password: set TYPEBAR_PASSWORD, or name a file that holds it with --password-file.`;
  const detail = problem?.["detail"] ?? problem?.["title"];
  if (typeof detail === "string") {
    const code = problem?.["code"];
    return typeof code === "string" ? `${detail.replace(/\.$/u, "")} (${code}).` : detail;
  }
  if (error.code === "wrong-content-type" || status === 404)
    return `What answers at ${url.href} has no event stream there (status ${status}).`;
  if (status !== undefined) return `${url.origin} answered with status ${status}.`;
  if (error.code === "network") return `${url.origin} cannot be reached (${causeCode(error)}).`;
  return `${error.message}.`;
}

/** The system's code, which `fetch` buries below its own errors; else the innermost message. */
function causeCode(error: Error): string {
  if ("code" in error && typeof error.code === "string" && !(error instanceof EventStreamError)) return error.code;
  return error.cause instanceof Error ? causeCode(error.cause) : error.message;
}
