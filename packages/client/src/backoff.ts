/** Only computes delays: how long to wait before the next attempt. Asked by event-stream.ts after each loss. */

import { maxTimerMs } from "@typebar/sse";

export interface BackoffOptions {
  /**
   * Upper end of the first random delay, in milliseconds, while the server has not stated a reconnection time.
   *
   * @defaultValue 1000
   */
  initialMs?: number;
  /**
   * Cap of the random part of a delay, in milliseconds. 0 leaves only what the server asks for.
   *
   * @defaultValue 15000
   */
  maxMs?: number;
  /** Source of jitter: a number from 0 to below 1. @defaultValue Math.random */
  random?: () => number;
}

/** What is known when a connection was lost. */
export interface LossHints {
  /** Losses in a row without a healthy spell between them, this one included: 1 or more. */
  failures: number;
  /** The server's last `retry:`. */
  retryMs: number | undefined;
  /** `Retry-After` of this answer. */
  retryAfterMs: number | undefined;
}

export type Backoff = (hints: LossHints) => number;

/**
 * Exponential backoff with full jitter on top of what the server asked for: never earlier than `retry:` and
 * `Retry-After` say, and spread, so that the clients of a restarted server do not come back all at once.
 */
export function createBackoff(options: BackoffOptions = {}): Backoff {
  const { initialMs = 1000, maxMs = 15_000, random = Math.random } = options;
  return ({ failures, retryMs, retryAfterMs = 0 }) => {
    // A stated time, even 0, is the server's wish for the first attempt; for later ones it is no licence to hammer it.
    const firstMs = failures === 1 ? (retryMs ?? initialMs) : Math.max(retryMs ?? 0, initialMs);
    const spreadMs = random() * Math.min(maxMs, firstMs * 2 ** (failures - 1));
    return Math.min(maxTimerMs, Math.max(retryMs ?? 0, retryAfterMs) + spreadMs);
  };
}
