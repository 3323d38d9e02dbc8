/** Many steady rhythms on one timer: a timer of its own for each of 1,000 speakers would cost more than what is measured. */

export interface Ticker {
  /** Calls `beat` once per interval from now on, at a random place in it. Returns the way to end it. */
  add(beat: () => void): () => void;
}

export function createTicker(intervalMs: number): Ticker {
  const slots = Array.from({ length: Math.max(1, Math.round(intervalMs)) }, () => new Set<() => void>());
  const startMs = performance.now();
  let beaten = 0;
  setInterval(() => {
    const due = ((performance.now() - startMs) / intervalMs) * slots.length;
    for (; beaten < due; beaten++) for (const beat of slots[beaten % slots.length] ?? []) beat();
  }, 1);
  return {
    add(beat) {
      const slot = slots[Math.floor(Math.random() * slots.length)];
      slot?.add(beat);
      return () => void slot?.delete(beat);
    },
  };
}
