/** Boundaries of grapheme clusters in text that waits to be shown. Used by pacer.ts. */

export interface Graphemes {
  /** Where the last cluster of `text` begins: what follows may still make it grow. */
  lastStart(text: string): number;
  /** Where the cluster that covers `index` ends. */
  endOf(text: string, index: number): number;
}

export function createGraphemes(): Graphemes {
  const segmenter = new Intl.Segmenter(undefined, { granularity: "grapheme" });

  return {
    lastStart(text) {
      const whole = withoutHalfCharacter(text);
      if (whole.length === 0) return 0;
      return segmenter.segment(whole).containing(whole.length - 1)?.index ?? 0;
    },
    endOf(text, index) {
      const cluster = segmenter.segment(text).containing(index);
      return cluster === undefined ? text.length : cluster.index + cluster.segment.length;
    },
  };
}

/** A delta can end inside a surrogate pair; the lone half would be taken for a character of its own. */
function withoutHalfCharacter(text: string): string {
  const last = text.charCodeAt(text.length - 1);
  return last >= 0xd800 && last <= 0xdbff ? text.slice(0, -1) : text;
}
