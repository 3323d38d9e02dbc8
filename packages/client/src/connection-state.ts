/**
 * The life of an event stream as a pure state machine. event-stream.ts turns what happens into events, shows each new
 * state to observers, and does what the state calls for.
 *
 * connecting -> open -> waiting -> connecting …, and from each of them to closed, which is for good.
 */
import type { EventStreamError } from "./errors.ts";

export type ConnectionState =
  /** A request is on its way. */
  | { readonly name: "connecting"; readonly failures: number }
  /** The response is an event stream, and is read as the consumer asks. */
  | { readonly name: "open"; readonly failures: number }
  /** The connection was lost for `error`; the next attempt comes `delayMs` after this state began. */
  | {
      readonly name: "waiting";
      /** Losses in a row without a healthy spell between them. */
      readonly failures: number;
      /**
       * `Infinity` while the page is frozen or kept for the back button (`error.code` is "suspended"): the next attempt comes when
       * it is back.
       */
      readonly delayMs: number;
      readonly error: EventStreamError;
    }
  /** Over: by `close()`, by a 204 (no `error`), by a final error, or by the caller's signal (its reason). */
  | { readonly name: "closed"; readonly error?: unknown };

export type ConnectionEvent =
  | { readonly type: "opened" }
  | { readonly type: "lost"; readonly failures: number; readonly delayMs: number; readonly error: EventStreamError }
  | { readonly type: "retry" }
  | { readonly type: "closed"; readonly error?: unknown };

export const initialState: ConnectionState = { name: "connecting", failures: 0 };

/** The state after `event`; the same object where the event means nothing in that state. */
export function nextState(state: ConnectionState, event: ConnectionEvent): ConnectionState {
  if (state.name === "closed") return state;
  const { type, ...facts } = event;
  if (type === "closed") return { name: "closed", ...facts };
  if (type === "lost" && state.name !== "waiting") return { name: "waiting", ...facts } as ConnectionState;
  if (type === "opened" && state.name === "connecting") return { name: "open", failures: state.failures };
  if (type === "retry" && state.name === "waiting") return { name: "connecting", failures: state.failures };
  return state;
}

/**
 * Losses in a row, the present one included. Only a healthy spell makes the count begin again: a server that accepts
 * and drops at once would otherwise be asked hundreds of times a second.
 *
 * @param openMs - How long the lost connection had been open; 0 if it never was.
 */
export function failuresAfterLoss(state: ConnectionState, openMs: number, healthyMs: number): number {
  if (state.name === "closed") return 1;
  return state.name === "open" && openMs >= healthyMs ? 1 : state.failures + 1;
}
