/**
 * Lets in who knows TYPEBAR_PASSWORD: by `Authorization: Bearer`, a `token` header, or the cookie of the sign-in page.
 * Used by access.ts on every request, and by sign-in.ts.
 */
import type { IncomingHttpHeaders } from "node:http";
import { credentialOf } from "./credential.ts";
import type { Attempts, Verdict } from "./own-attempts.ts";
import type { IsKey } from "./publish-key.ts";
import { createSessionKey, sessionSeconds } from "./session.ts";

export type GateDecision =
  | { type: "allowed" }
  | { type: "unauthorized" }
  | { type: "too-many-attempts"; retryAfterSeconds: number };

export interface PasswordGate {
  /** `isOtherKey` opens as well, what is asked for; whoever knows that one alone may not guess passwords any faster. */
  check: (headers: IncomingHttpHeaders, address: string, isOtherKey?: IsKey) => Promise<GateDecision>;
  /** Tries a password from the sign-in page. */
  tryPassword: (password: string, address: string) => Promise<GateDecision>;
  /** A `Set-Cookie` that signs a browser in. */
  signInCookie: () => string;
  /** A `Set-Cookie` that signs it out. */
  signOutCookie: () => string;
}

export interface PasswordGateOptions {
  password: string;
  /** Whether people reach this server by https: the cookie is then never sent in the clear. */
  isHttps: boolean;
  /** Wall clock, in milliseconds since 1970. */
  now: () => number;
  attempts: Attempts;
}

export async function createPasswordGate(options: PasswordGateOptions): Promise<PasswordGate> {
  const { password, isHttps, now, attempts } = options;
  const key = await createSessionKey(password);
  // With the prefix a browser takes the cookie from this very host only, and only over https.
  const cookieName = isHttps ? "__Host-typebar-session" : "typebar-session";
  const attributes = `Path=/; HttpOnly; SameSite=Strict${isHttps ? "; Secure" : ""}`;

  const tryBytes = async (candidate: Uint8Array, address: string, isOtherKey?: IsKey): Promise<GateDecision> => {
    const verdict = judge(candidate, isOtherKey);
    const waitMs = await attempts.take(address, verdict);
    if (waitMs > 0) return { type: "too-many-attempts", retryAfterSeconds: Math.ceil(waitMs / 1000) };
    return { type: verdict === "wrong" ? "unauthorized" : "allowed" };
  };
  const judge = (candidate: Uint8Array, isOtherKey?: IsKey): Verdict => {
    if (key.isPassword(candidate)) return "right";
    return isOtherKey?.(candidate) ? "other-key" : "wrong";
  };

  return {
    check: async (headers, address, isOtherKey) => {
      const session = cookieOf(headers.cookie, cookieName);
      if (session !== undefined && key.isValid(session, now() / 1000)) return { type: "allowed" };
      const candidate = credentialOf(headers);
      return candidate === undefined ? { type: "unauthorized" } : tryBytes(candidate, address, isOtherKey);
    },
    tryPassword: (candidate, address) => tryBytes(Buffer.from(candidate), address),
    signInCookie: () =>
      `${cookieName}=${key.sign(Math.floor(now() / 1000) + sessionSeconds)}; Max-Age=${sessionSeconds}; ${attributes}`,
    signOutCookie: () => `${cookieName}=; Max-Age=0; ${attributes}`,
  };
}

function cookieOf(header: string | undefined, name: string): string | undefined {
  return header
    ?.split(";")
    .map((pair) => pair.trim())
    .find((pair) => pair.startsWith(`${name}=`))
    ?.slice(name.length + 1);
}
