/** Tells event-stream.ts that the device is back: online again, or its page visible again. */

/** @returns A function that stops listening. Where there are no such events (Node, workers), nothing is heard. */
export function listenForWake(onWake: () => void): () => void {
  const { document } = globalThis as Partial<typeof globalThis>;
  const onVisibility = (): void => {
    if (document?.visibilityState === "visible") onWake();
  };
  // Node's global object is no EventTarget.
  const target = globalThis as Partial<Pick<typeof globalThis, "addEventListener" | "removeEventListener">>;
  target.addEventListener?.("online", onWake);
  document?.addEventListener("visibilitychange", onVisibility);
  return () => {
    target.removeEventListener?.("online", onWake);
    document?.removeEventListener("visibilitychange", onVisibility);
  };
}
