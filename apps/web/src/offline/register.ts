/** Lets the browser keep the page's files, so that it opens without the server. Called by main.ts once the page is up. */

/** Browsers offer it on https and on this very computer only; elsewhere the page works as it is. */
export function registerWorker({ navigator }: Window): void {
  if (!("serviceWorker" in navigator)) return;
  // Refused, as in some private windows: the page works as it is.
  navigator.serviceWorker.register("/sw.js", { updateViaCache: "none" }).catch(() => undefined);
}
