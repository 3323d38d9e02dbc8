/**
 * Which pages may send requests that change something, and which may start an answer by GET. Used by access.ts.
 * Trust boundary: any site that the person visits can send requests to this server from their browser.
 */
import type { IncomingHttpHeaders } from "node:http";

const safeMethods = new Set(["GET", "HEAD", "OPTIONS"]);

export interface OriginOptions {
  /** As browsers write them in `Origin`. */
  origins: readonly string[];
  publicUrl: URL | undefined;
}

/** @returns whether a request with this method may go on. */
export function createOriginCheck(options: OriginOptions): (method: string, headers: IncomingHttpHeaders) => boolean {
  return (method, headers) => {
    if (safeMethods.has(method)) return true;
    if (headers.origin !== undefined) return isAllowedOrigin(options, headers);
    const site = headers["sec-fetch-site"];
    return site === undefined || site === "same-origin" || site === "none";
  };
}

/**
 * A GET that starts an answer costs money like a POST, but a browser sends GETs of its own accord: for an image, a
 * link, a prefetch. Only what is plainly an event stream asked for by an allowed page may start one.
 *
 * @see PROTOCOL.md, the GET way to start
 */
export function createStartCheck(options: OriginOptions): (headers: IncomingHttpHeaders) => boolean {
  return (headers) => {
    if (!accepts(headers.accept, "text/event-stream")) return false;
    if (headers["sec-purpose"] !== undefined || headers["purpose"] !== undefined) return false;
    if (headers["sec-fetch-mode"] === "navigate") return false;
    if (headers.origin !== undefined) return isAllowedOrigin(options, headers);
    const site = headers["sec-fetch-site"];
    return site === undefined || site === "same-origin";
  };
}

function isAllowedOrigin({ origins, publicUrl }: OriginOptions, headers: IncomingHttpHeaders): boolean {
  const { origin, host } = headers;
  if (origin === undefined || origin === "null" || !URL.canParse(origin)) return false;
  const url = new URL(origin);
  if (origins.includes(url.origin) || url.origin === publicUrl?.origin) return true;
  // The scheme is the page's own: before a proxy that ends TLS it is https, and here http.
  const own = `${url.protocol}//${host ?? ""}`;
  return /^https?:$/.test(url.protocol) && URL.canParse(own) && new URL(own).host === url.host;
}

function accepts(header: string | undefined, type: string): boolean {
  return (header ?? "").split(",").some((range) => range.split(";")[0]?.trim().toLowerCase() === type);
}
