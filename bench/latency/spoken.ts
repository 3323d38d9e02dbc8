/** What model-main.ts tells of itself. Read by whoever has to know how much was offered, and what that cost. */

/** Below the model's base URL. */
export const spokenPath = "/spoken";

export interface Spoken {
  /** Since the start. */
  deltas: number;
  /** CPU time of the model's process since the start. */
  cpuSeconds: number;
}
