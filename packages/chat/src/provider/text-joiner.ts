/** Deltas -> deltas that never end inside a character. Called by stream-model.ts. */

interface TextJoiner {
  /** The text to pass on now; may be empty. */
  add(delta: string): string;
  /** What is still held back, at the end of the part. */
  flush(): string;
}

/**
 * A provider may cut an emoji between its two UTF-16 halves. Stored as UTF-8, each half alone would become U+FFFD for
 * ever, so a first half waits for its second. A half that never gets its partner is replaced by U+FFFD.
 */
export function createTextJoiner(): TextJoiner {
  let held = "";
  return {
    add: (delta) => {
      const text = held + delta;
      held = /[\uD800-\uDBFF]$/u.exec(text)?.[0] ?? "";
      return text.slice(0, text.length - held.length).toWellFormed();
    },
    flush: () => {
      const text = held.toWellFormed();
      held = "";
      return text;
    },
  };
}
