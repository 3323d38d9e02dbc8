/** The `fetch` that reaches providers. Used by every provider beside this file, where none is passed in. */
import { Agent, fetch as undiciFetch } from "undici";
import { ProviderError } from "./provider.ts";

export type Fetch = typeof globalThis.fetch;

/**
 * A `fetch` without time limits of its own. Node's own one gives up after 300 s without a byte, which a local model
 * that reads a long prompt exceeds; how long to wait is the generation's decision, and its `signal` ends the request.
 */
export function createUpstreamFetch(): Fetch {
  const dispatcher = new Agent({ headersTimeout: 0, bodyTimeout: 0 });
  return async (input, init = {}) => {
    const { method = "GET", redirect = "follow", body = null, signal = null } = init;
    if (body !== null && typeof body !== "string") throw new TypeError("Only text is sent to a provider");
    const headers = Object.fromEntries(new Headers(init.headers));
    const url = input instanceof Request ? input.url : input;
    const response: unknown = await undiciFetch(url, { method, redirect, headers, body, signal, dispatcher });
    // The same thing under undici's own type, which lacks a symbol that the browser's types name.
    return response as Response;
  };
}

/**
 * Wraps `fetch` so that a web page (a captive portal, a proxy's sign-in) is seen as one: the parser of event streams
 * would read it as an answer that ended without a word.
 */
export function refuseHtml(fetch: Fetch, providerName: string): Fetch {
  return async (input, init) => {
    const response = await fetch(input, init);
    if (response.ok && /^text\/html\b/iu.test(response.headers.get("content-type") ?? "")) {
      await response.body?.cancel();
      throw new ProviderError("provider-error", `${providerName} answered with a web page: check its base URL.`);
    }
    return response;
  };
}
