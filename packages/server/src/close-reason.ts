/** What ends a connection. Given by connection, told to observers. */

/** Why a connection is over. */
export type CloseReason =
  /** The last event was written; the response ended cleanly. */
  | "ended"
  /** The client went away. */
  | "client-gone"
  /** Its socket took no byte for `progressTimeoutMs`, even of an end that was written; or more was sent than may wait for it. */
  | "stalled"
  /** Ended by us after its time, to come back. */
  | "rotated"
  /** The server is being stopped. */
  | "shutdown"
  /** The log no longer holds what was shown. */
  | "diverged"
  /** Whoever follows may not do so any more. */
  | "forbidden"
  /** The log could not be read. */
  | "failed";
