/**
 * Which requests of the page the service worker answers at all. Pure; used by worker.ts.
 *
 * Everything that it does not know is the network's alone: /api with its streams, /v1, signing in and out, the
 * documentation. The browser then asks the server as if there were no worker.
 */

export type RequestKind =
  /** The page itself, at any of its places. */
  | "page"
  /** A file of the page. */
  | "file"
  | "other";

export interface RequestFacts {
  method: string;
  mode: string;
  url: string;
}

/** As the server knows them: apps/typebar/src/static/static-files.ts. */
const pagePlace = /^\/(?:c\/[A-Za-z0-9_-]+)?$/u;

/** @param files - Paths of those that are kept besides what is in /assets/. */
export function requestKind(
  { method, mode, url }: RequestFacts,
  origin: string,
  files: readonly string[],
): RequestKind {
  const { origin: asked, pathname } = new URL(url);
  if (method !== "GET" || asked !== origin) return "other";
  if (mode === "navigate") return pagePlace.test(pathname) ? "page" : "other";
  return pathname.startsWith("/assets/") || files.includes(pathname) ? "file" : "other";
}
