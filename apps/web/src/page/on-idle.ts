/** Calls back when the browser has nothing else to do, half a second later at the latest. @returns a function that calls it off. */
export function onIdle(run: () => void): () => void {
  // Safari has no such call.
  if (typeof requestIdleCallback !== "function") {
    const timer = setTimeout(run);
    return () => clearTimeout(timer);
  }
  const asked = requestIdleCallback(run, { timeout: 500 });
  return () => cancelIdleCallback(asked);
}
