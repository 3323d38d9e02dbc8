/** What runs in the measured page. Called by conversation.ts. */

/** @returns when the last of `parts` was in view, in ms since the page was asked for. */
export async function lastSeenMs(parts: string): Promise<number> {
  for (;;) {
    const last = Array.from(document.querySelectorAll(parts)).at(-1);
    const box = last?.getBoundingClientRect();
    if (box !== undefined && box.height > 0 && box.bottom > 0 && box.bottom <= innerHeight + 200)
      return performance.now();
    await new Promise(requestAnimationFrame);
  }
}

/** @returns the time between frames, each in ms. */
export async function frameTimes(forMs: number): Promise<number[]> {
  const times: number[] = [];
  const endMs = performance.now() + forMs;
  for (let lastMs = performance.now(); lastMs < endMs;) {
    await new Promise(requestAnimationFrame);
    const nowMs = performance.now();
    times.push(nowMs - lastMs);
    lastMs = nowMs;
  }
  return times;
}
