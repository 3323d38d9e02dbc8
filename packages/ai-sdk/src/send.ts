/** Requests that open no stream, with the transport's own headers. Used by stop.ts and messages.ts. */
import type { TypebarTransportOptions } from "./options.ts";

/** `fetch` to the Typebar server. */
export type Send = (url: string, init: RequestInit) => Promise<Response>;

export function createSend(options: TypebarTransportOptions): Send {
  const { credentials, fetch = globalThis.fetch } = options;
  return async (url, init) => {
    const headers = await resolve(options.headers);
    return fetch(url, { cache: "no-store", ...init, ...(headers && { headers }), ...(credentials && { credentials }) });
  };
}

/** A value, or what a function gives for it. */
export async function resolve<Value>(value: Value | (() => Value | Promise<Value>)): Promise<Value> {
  return typeof value === "function" ? (value as () => Value | Promise<Value>)() : value;
}
