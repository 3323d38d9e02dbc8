/** Why the server could not be asked, or said no. Thrown by api.ts and by generation-handle.ts. */
import { problemCodes } from "@typebar/chat/protocol";
import type { Problem, ProblemCode } from "@typebar/chat/protocol";
import { EventStreamError } from "@typebar/client";

/** A code of docs/errors.md, or `network`: no answer came at all. */
export type ChatErrorCode = ProblemCode | "network";

/** `code` is that of the server's problem; `network` if it could not be asked; `internal` if it answered with something else. */
export class ChatError extends Error {
  readonly code: ChatErrorCode;
  /** With `conversation-busy`: the generation that is running. */
  readonly generationId: string | null;

  constructor(code: ChatErrorCode, message: string, generationId: string | null = null, cause?: unknown) {
    super(message, { cause });
    this.name = "ChatError";
    this.code = code;
    this.generationId = generationId;
  }
}

/** @param problem - The body of an error answer, not validated. */
export function fromProblem(problem: unknown, status: number, cause?: unknown): ChatError {
  const { code, detail, generationId } = (
    typeof problem === "object" && problem !== null ? problem : {}
  ) as Partial<Problem>;
  const known = problemCodes.find((one) => one === code) ?? (status === 401 ? "unauthorized" : "internal");
  return new ChatError(known, detail ?? `HTTP ${status}`, generationId ?? null, cause);
}

/** Whatever ended an event stream, as one kind of error. */
export function toChatError(error: unknown): ChatError {
  if (error instanceof ChatError) return error;
  if (error instanceof EventStreamError && error.status !== undefined) {
    return fromProblem(error.problem, error.status, error);
  }
  return new ChatError("internal", String(error), null, error);
}
