/** Why a production was ended from outside: the abort reason of its signal. */
import type { GenerationErrorCode } from "../protocol.ts";

export type InterruptionCause =
  /** Somebody asked for a stop. */
  | { type: "stop" }
  /** This process is going; another, or the next start, goes on. */
  | { type: "handover" }
  /** Another process holds the lease. */
  | { type: "fenced" }
  /** A limit passed, or the store refused for too long. */
  | { type: "limit"; code: Extract<GenerationErrorCode, `${string}-timeout` | "store-unavailable"> };

export class Interruption extends Error {
  readonly why: InterruptionCause;

  constructor(why: InterruptionCause) {
    super(`the generation was interrupted: ${why.type}`);
    this.name = "Interruption";
    this.why = why;
  }
}
