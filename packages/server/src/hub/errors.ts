/** What the hub refuses. Thrown all over the hub; answered over HTTP by handle and respond. */
import { LogError } from "@typebar/log";

/** HTTP status of each code. */
export const hubErrorStatus = {
  /** The name of a channel is not one. */
  "bad-channel": 400,
  /** No channel is named, or more than `channelsPerConnection`. */
  "too-many-channels": 400,
  /** An event's name or data cannot be sent. */
  "bad-event": 400,
  /** An event is over `eventBytes`, or there are more than `eventsPerPublish`. */
  "event-too-large": 413,
  /** `authorize` said no. */
  forbidden: 403,
  /** The user, the address or the hub has as many connections as it may. */
  "too-many-connections": 429,
  /** The hub is being closed. */
  draining: 503,
  /** The log did not answer; nothing was stored. */
  "store-unavailable": 503,
} as const;

export type HubErrorCode = keyof typeof hubErrorStatus;

/** Nothing was written to a response, and nothing was stored. */
export class HubError extends Error {
  readonly code: HubErrorCode;

  constructor(code: HubErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = "HubError";
    this.code = code;
  }

  /** HTTP status that goes with the code. */
  get status(): number {
    return hubErrorStatus[this.code];
  }
}

/** @throws {HubError} "store-unavailable" where the log did not answer; else what it is given. */
export function toHubError(error: unknown): never {
  if (error instanceof LogError) throw new HubError("store-unavailable", "The store does not answer", { cause: error });
  throw error;
}
