/** The three time limits of a production: first token, silence, total. */
import type { InterruptionCause } from "./interruption.ts";

export interface GenerationLimits {
  /** From the question to the provider's first token, in milliseconds. @defaultValue 60000 */
  firstTokenMs: number;
  /** Between two tokens, in milliseconds. @defaultValue 60000 */
  silenceMs: number;
  /** From the question to the end, in milliseconds. @defaultValue 900000 */
  totalMs: number;
}

type LimitCode = Extract<InterruptionCause, { type: "limit" }>["code"];

export interface Deadline extends Disposable {
  /** The provider said something. */
  touch(): void;
}

/** Starts the clock. One timer, moved lazily: a token only notes the time. */
export function startDeadline(limits: GenerationLimits, onPassed: (code: LimitCode) => void): Deadline {
  const startMs = performance.now();
  let lastTokenMs: number | undefined;
  let timer = setTimeout(check, Math.min(limits.firstTokenMs, limits.totalMs));

  function check(): void {
    const nowMs = performance.now();
    const totalLeftMs = startMs + limits.totalMs - nowMs;
    const gapLeftMs =
      lastTokenMs === undefined ? startMs + limits.firstTokenMs - nowMs : lastTokenMs + limits.silenceMs - nowMs;
    if (totalLeftMs < 1) onPassed("total-timeout");
    else if (gapLeftMs < 1) onPassed(lastTokenMs === undefined ? "first-token-timeout" : "silence-timeout");
    else timer = setTimeout(check, Math.min(totalLeftMs, gapLeftMs));
  }

  return {
    touch() {
      const first = lastTokenMs === undefined;
      lastTokenMs = performance.now();
      // The silence limit may be shorter than what is left of the first one.
      if (!first) return;
      clearTimeout(timer);
      check();
    },
    [Symbol.dispose]: () => clearTimeout(timer),
  };
}
