/** Tells event-stream.ts that the device is back: online again, or its page visible again. */

/** Listens until `signal` is aborted. Where there are no such events (Node, workers), nothing is heard. */
export function listenForWake(onWake: () => void, signal: AbortSignal): void {
  // Node's global object is no EventTarget, and only pages have a document.
  const { document } = globalThis as Partial<typeof globalThis>;
  const target = globalThis as Partial<Pick<typeof globalThis, "addEventListener">>;
  target.addEventListener?.("online", onWake, { signal });
  document?.addEventListener(
    "visibilitychange",
    () => {
      if (document.visibilityState === "visible") onWake();
    },
    { signal },
  );
}
