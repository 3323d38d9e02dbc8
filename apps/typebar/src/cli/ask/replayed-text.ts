/**
 * Deltas -> what is still to be written of them. After a `reset` the server sends the answer from its start, and what
 * was written cannot be taken back: the same text is passed over. Used by text-view.ts.
 */

export interface ReplayedText {
  /** What is to be written for this delta. */
  push: (delta: string) => string;
  /** The text begins again. */
  restart: () => void;
  /** The answer is over, and nothing of it is left out. Says what is still to be written. */
  finish: () => string;
  /** Whether what was written is not the answer's beginning, so that the answer was written anew below it. */
  readonly diverged: boolean;
}

export function createReplayedText(onDiverged: () => void): ReplayedText {
  // Everything that was written, of the text that counts.
  let written = "";
  // The text since the restart, while it only repeats what was written; `undefined` otherwise.
  let repeated: string | undefined;
  let diverged = false;

  function writeAnew(text: string): string {
    diverged = true;
    onDiverged();
    repeated = undefined;
    written = text;
    return text;
  }

  return {
    push(delta) {
      if (repeated === undefined) {
        written += delta;
        return delta;
      }
      repeated += delta;
      if (written.startsWith(repeated)) return "";
      if (!repeated.startsWith(written)) return writeAnew(repeated);
      const rest = repeated.slice(written.length);
      written = repeated;
      repeated = undefined;
      return rest;
    },
    restart() {
      if (written !== "") repeated = "";
    },
    finish() {
      return repeated === undefined || repeated === written ? "" : writeAnew(repeated);
    },
    get diverged() {
      return diverged;
    },
  };
}
