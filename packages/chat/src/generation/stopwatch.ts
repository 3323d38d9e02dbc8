/** How long a model spoke and how long it thought. Held by generation/produce while it asks; the clock is passed in. */

export interface AnswerTimes {
  /** From the first thing the model said to the end, in milliseconds. */
  durationMs: number;
  /** Of that, as long as it reasoned; absent if it did not. */
  thoughtMs?: number;
}

export interface Stopwatch {
  /** The model said something: reasoning, or anything else. */
  spoke(reasoning: boolean): void;
  /** `undefined` if it said nothing. */
  read(): AnswerTimes | undefined;
}

export function createStopwatch(now: () => number): Stopwatch {
  let beganMs: number | undefined;
  /** When the reasoning began that has not ended yet. */
  let thinksSinceMs: number | undefined;
  let thoughtMs: number | undefined;
  return {
    spoke(reasoning) {
      // Most parts change nothing: the clock is not asked for them.
      if (beganMs !== undefined && reasoning === (thinksSinceMs !== undefined)) return;
      const nowMs = now();
      beganMs ??= nowMs;
      if (thinksSinceMs !== undefined) thoughtMs = (thoughtMs ?? 0) + nowMs - thinksSinceMs;
      thinksSinceMs = reasoning ? nowMs : undefined;
    },
    read() {
      if (beganMs === undefined) return undefined;
      const nowMs = now();
      const all = thinksSinceMs === undefined ? thoughtMs : (thoughtMs ?? 0) + nowMs - thinksSinceMs;
      return {
        durationMs: Math.round(nowMs - beganMs),
        ...(all !== undefined && { thoughtMs: Math.round(all) }),
      };
    },
  };
}
