/**
 * What an answer means, and what follows a loss: the decisions in which openEventStream, fetchEventSource and
 * EventSource differ. Asked by stream-core.ts.
 */
import { EventStreamError, isPassing } from "./errors.ts";
import { judgeResponse } from "./response.ts";
import type { Verdict } from "./response.ts";

export interface StreamPolicy {
  /** What it throws counts as the loss of this attempt. */
  judge(response: Response): Verdict | Promise<Verdict>;
  /**
   * @param error - Anything but an {@link EventStreamError} was thrown by a callback.
   * @param failures - Losses in a row without a healthy spell, this one included.
   * @param delayMs - What backoff, `retry:` and `Retry-After` ask for.
   * @returns how long to wait before the next attempt; `undefined` ends the stream without an error.
   * @throws what the stream shall end with.
   */
  afterLoss(error: unknown, failures: number, delayMs: number): number | undefined;
  /** When the connection is let go of until the page is back. */
  suspendWhen: "frozen" | "hidden" | "never";
}

/** The policy of openEventStream. */
export function createDefaultPolicy(maxAttempts: number): StreamPolicy {
  return {
    judge: ({ status, headers }) => judgeResponse(status, headers.get("Content-Type")),
    afterLoss(error, failures, delayMs) {
      if (!isPassing(error)) throw error;
      throwIfExhausted(error, failures, maxAttempts);
      return delayMs;
    },
    suspendWhen: "frozen",
  };
}

/** @throws {EventStreamError} "attempts-exhausted", with the last loss as its cause. */
export function throwIfExhausted(cause: unknown, failures: number, maxAttempts: number): void {
  if (failures >= maxAttempts) throw new EventStreamError("attempts-exhausted", { cause });
}
