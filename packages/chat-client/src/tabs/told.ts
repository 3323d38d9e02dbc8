/** What the tabs that follow one stream tell each other. Written and read by shared-stream.ts. */
import { EventStreamError } from "@typebar/client";
import type { ConnectionState, EventStreamErrorCode, IncomingEvent } from "@typebar/client";
import type { Rank } from "./interest.ts";

/** How far a stream was read, and what had been made of it: one cannot go on without the other. */
export interface Standing<Extra> {
  lastEventId: string;
  extra: Extra;
}

export type Told<Extra> =
  /** Whoever leads is asked where it stands. */
  | { type: "hello"; lastEventId: string; rank: Rank }
  /** Where the one that leads stands; with what it has, where somebody asked who stands elsewhere. */
  | { type: "standing"; standing: { lastEventId: string; extra: Extra | null }; connection: ToldConnection }
  /** An event, and the ID of the one before it: nobody takes it who does not stand there. */
  | { type: "event"; after: string; event: IncomingEvent }
  | { type: "connection"; connection: ToldConnection }
  /** Somebody wants the pause between two attempts to end. */
  | { type: "retry" };

/** A {@link ConnectionState} that can be sent: of its error there is only the code. */
export type ToldConnection =
  | { name: "connecting" | "open"; failures: number }
  | { name: "waiting"; failures: number; delayMs: number; code: EventStreamErrorCode };

/** @returns `null` for one that is closed: that concerns only the tab that closed it. */
export function toTold(state: ConnectionState): ToldConnection | null {
  if (state.name === "closed") return null;
  const { name, failures } = state;
  return name === "waiting" ? { name, failures, delayMs: state.delayMs, code: state.error.code } : { name, failures };
}

export function fromTold(told: ToldConnection): ConnectionState {
  if (told.name !== "waiting") return told;
  const { code, ...rest } = told;
  return { ...rest, error: new EventStreamError(code) };
}
