/** Tells stream-core.ts that the page goes to sleep, and that it or the network is back. */
import type { StreamPolicy } from "./policy.ts";

export interface WakeOptions {
  suspendWhen: StreamPolicy["suspendWhen"];
  onSuspend: () => void;
  onWake: () => void;
}

/** Listens until `signal` is aborted. Where there are no such events (Node, workers), nothing is heard. */
export function listenForWake({ suspendWhen, onSuspend, onWake }: WakeOptions, signal: AbortSignal): void {
  const { document } = globalThis as Partial<typeof globalThis>;
  // Node's global object is no EventTarget, and only pages have a document.
  const listen = (target: Partial<EventTarget> | undefined, type: string, listener: (event: Event) => void): void =>
    target?.addEventListener?.(type, listener, { signal });
  const suspend = suspendWhen === "never" ? onWake : onSuspend;

  listen(globalThis, "online", onWake);
  listen(globalThis, "pageshow", onWake);
  // A page that is kept for the back button is thrown away instead if a response of it brings more bytes.
  listen(globalThis, "pagehide", (event) => (event as PageTransitionEvent).persisted && suspend());
  listen(document, "freeze", suspend);
  listen(document, "resume", onWake);
  listen(document, "visibilitychange", () => {
    if (document?.visibilityState === "visible") onWake();
    else if (suspendWhen === "hidden") onSuspend();
  });
}
