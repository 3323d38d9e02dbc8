/** What is told of the connections, for whoever counts. Called by connection and hub; never with anything that names a person. */
import type { CloseReason } from "./close-reason.ts";
import type { HubErrorCode } from "./hub/errors.ts";

/** Each is called at once, on the way of the bytes: it has to be quick, and must not throw. */
export interface StreamObserver {
  /** A connection is open. `resumed`: it goes on after an event ID. */
  opened?(how: "new" | "resumed"): void;
  /** A connection is over. */
  closed?(reason: CloseReason): void;
  /** Something was handed to a socket: events with their bytes, or lines that are no events. */
  wrote?(bytes: number, eventCount: number): void;
  /** So many of those bytes were not new, but asked for by an event ID, or because their reader was behind. */
  replayed?(bytes: number): void;
  /** A reader was told in its stream that its place is lost. */
  reset?(reason: "expired" | "diverged" | "unknown"): void;
  /** Events of a channel were stored, in so many milliseconds. */
  published?(eventCount: number, ms: number): void;
  /** A connection to channels was not opened, or an event not published. */
  refused?(code: HubErrorCode): void;
}
