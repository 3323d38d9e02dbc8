/** TYPEBAR_PUBLISH_KEY: lets its bearer publish to channels, and nothing else. Used by access.ts. */
import { createHmac, randomBytes, timingSafeEqual } from "node:crypto";
import type { RequestFacts } from "./request-facts.ts";

/** Whether a candidate is the key; takes as long for a near miss as for a far one. */
export type IsKey = (candidate: Uint8Array) => boolean;

/** Written as routes read it; what is not a channel's name here is none there. */
const publishPath = /^\/api\/channels\/[A-Za-z0-9][A-Za-z0-9._-]{0,63}\/events$/;

/** The only requests that the key is good for. */
export function isPublishRequest({ method, path }: RequestFacts): boolean {
  return method === "POST" && publishPath.test(path);
}

export function createPublishKey(key: string): IsKey {
  const secret = randomBytes(32);
  const digest = (text: Uint8Array | string): Buffer => createHmac("sha256", secret).update(text).digest();
  const wanted = digest(key);
  return (candidate) => timingSafeEqual(digest(candidate), wanted);
}
