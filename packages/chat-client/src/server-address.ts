/** Where the server is and how it is asked. Given to createChatClient, used by api.ts and chat-client.ts. */

export interface ServerAddress {
  /** Before every path, without `/api`. @defaultValue "": the page's own origin */
  baseUrl?: string;
  /** @defaultValue globalThis.fetch */
  fetch?: typeof fetch;
  /** Sent with every request; a function is asked again for each one, so that a token can be fresh. */
  headers?: HeadersInit | (() => HeadersInit | Promise<HeadersInit>);
}

export function toUrl({ baseUrl = "" }: ServerAddress, path: string): string {
  return baseUrl.replace(/\/+$/, "") + path;
}

/** The caller's headers, and over them the request's own. */
export async function toHeaders({ headers }: ServerAddress, own: Record<string, string>): Promise<Headers> {
  const all = new Headers(typeof headers === "function" ? await headers() : headers);
  for (const [name, value] of Object.entries(own)) all.set(name, value);
  return all;
}
