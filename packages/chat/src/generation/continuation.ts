/** Going on with an answer that was cut off: which ways there are, and whether the model really goes on. */
import type { ContinuationRung } from "../provider/provider.ts";

/** `TYPEBAR_CONTINUATION`. */
export type ContinuationSetting = "auto" | "prefill" | "prompt" | "none";

/** The rungs to try, best first. A provider's own resume is exact, and is only left out by `none`. */
export function chooseRungs(offered: readonly ContinuationRung[], setting: ContinuationSetting): ContinuationRung[] {
  if (setting === "auto") return [...offered];
  return offered.filter((rung) => setting !== "none" && (rung === "resume" || rung === setting));
}

/** Judges the text of a continuation as it comes. */
export interface ContinuationGuard {
  /** The text to show now; `undefined` when the model has diverged: it began again and said something else. */
  add(text: string): string | undefined;
  /** What was still held back when the model finished; `undefined` as above. */
  end(): string | undefined;
}

/** As much of the kept text has to be said again before it is taken for a new start and not for a coincidence. */
const restartChars = 32;
/** A kept text shorter than this may be said again by chance: a prefill is then believed. */
const minRestartChars = 4;
/** The longest overlap with the end of the kept text that is looked for, and the shortest that is believed. */
const maxOverlapChars = 200;
const minOverlapChars = 6;

/**
 * A model that is asked to go on may begin again from the start, or repeat the last words.
 * - Said again from the start: the repetition is swallowed as long as it is the same; if it ends where the kept text ends, the answer
 *   goes on exactly there, and if it turns into other text before, it has `diverged`.
 * - With `prompt`, an overlap with the end of the kept text is cut off. With `prefill` nothing is cut: what comes is the continuation.
 */
export function createContinuationGuard(keptText: string, rung: ContinuationRung): ContinuationGuard {
  if (rung === "resume") return { add: (text) => text, end: () => "" };
  const restartLength = Math.min(keptText.length, restartChars);
  const mayRestart = rung === "prompt" || keptText.length >= minRestartChars;
  const undecidedChars = Math.max(
    rung === "prompt" ? Math.min(maxOverlapChars, keptText.length) : 0,
    mayRestart ? restartLength : 0,
  );
  let state: "undecided" | "repeating" | "going-on" = "undecided";
  let held = "";

  function repeat(): string | undefined {
    if (held.length <= keptText.length) return keptText.startsWith(held) ? "" : undefined;
    if (!held.startsWith(keptText)) return undefined;
    state = "going-on";
    return held.slice(keptText.length);
  }

  function decide(final: boolean): string | undefined {
    const restarted =
      mayRestart && held.length >= restartLength && held.slice(0, restartLength) === keptText.slice(0, restartLength);
    if (restarted && restartLength > 0) {
      state = "repeating";
      return repeat();
    }
    const couldRestart = mayRestart && held.length < restartLength && keptText.startsWith(held);
    const couldOverlap = rung === "prompt" && held.length < undecidedChars && overlapIsPossible(keptText, held);
    if (!final && (couldRestart || couldOverlap)) return "";
    state = "going-on";
    return rung === "prompt" ? held.slice(overlap(keptText, held)) : held;
  }

  return {
    add(text) {
      if (state === "going-on") return text;
      held += text;
      return state === "repeating" ? repeat() : decide(false);
    },
    end() {
      if (state === "going-on") return "";
      return state === "repeating" ? (held.length < keptText.length ? undefined : repeat()) : decide(true);
    },
  };
}

/** Whether more text could still turn `held` into a repetition of the kept text's end. */
function overlapIsPossible(keptText: string, held: string): boolean {
  const tail = keptText.slice(-maxOverlapChars);
  for (let from = 0; from < tail.length; from++) {
    if (tail.startsWith(held, from)) return true;
  }
  return false;
}

/** How many characters at the start of `text` repeat the end of the kept text. */
function overlap(keptText: string, text: string): number {
  for (let length = Math.min(maxOverlapChars, keptText.length, text.length); length >= minOverlapChars; length--) {
    if (keptText.endsWith(text.slice(0, length))) return length;
  }
  return 0;
}
