/**
 * Whether a request may go on at all: its Host, its origin, its password. The composition root asks before any route.
 * Pure but for the count of failed passwords; what is decided is put on the wire by the root and by access-response.ts.
 */
import type { IncomingHttpHeaders } from "node:http";
import type { ProblemCode } from "@typebar/chat/protocol";
import { createCors } from "./cors.ts";
import { credentialOf } from "./credential.ts";
import { createHostCheck } from "./host-check.ts";
import { createOriginCheck, createStartCheck } from "./origin-check.ts";
import type { PasswordGate } from "./password-gate.ts";
import { type IsKey, isPublishRequest } from "./publish-key.ts";
import type { RequestFacts } from "./request-facts.ts";

/** `headers` belong on the answer, whatever it is. */
export type AccessDecision = { headers: Record<string, string> } & (
  | { type: "allowed" }
  | { type: "preflight" }
  | { type: "refused"; code: ProblemCode; detail: string }
  | { type: "redirected"; location: string }
  | { type: "asked-again" }
);

export interface Access {
  /** What no route could even read; `decide` refuses it as well. */
  refuseUnreadable: (request: RequestFacts) => AccessDecision | undefined;
  decide: (request: RequestFacts) => Promise<AccessDecision>;
  /** Whether `GET /api/chat` with these headers may start an answer; else `403` `forbidden-origin`. */
  isAllowedStartRequest: (headers: IncomingHttpHeaders) => boolean;
}

export interface AccessOptions {
  host: string;
  publicUrl: URL | undefined;
  origins: readonly string[];
  /** `undefined`: no password is set, and everybody who reaches this server is its owner. */
  gate: PasswordGate | undefined;
  /** @defaultValue no key is set */
  isPublishKey?: IsKey | undefined;
}

/** Signing in and asking whether the process lives need no password. */
const openPaths = new Set(["/livez", "/readyz", "/sign-in", "/sign-in.css", "/sign-out"]);
/** Browsers fetch what an app is called and looks like without cookies. */
const openFile = /^\/(?:typebar\.webmanifest|icon(?:-[a-z0-9]+)*\.(?:svg|png))$/u;
/** Public code, loaded by a sandbox that has no cookie. */
const openFolder = "/diagram/";

export function createAccess({ host, publicUrl, origins, gate, isPublishKey }: AccessOptions): Access {
  const isOwnHost = createHostCheck({ host, publicUrl });
  const isAllowedOrigin = createOriginCheck({ origins, publicUrl });
  const cors = createCors(origins);
  const refuseUnreadable = ({ path, headers, authority }: RequestFacts): AccessDecision | undefined => {
    if (!isOwnHost(headers.host) || (authority !== undefined && !isOwnHost(authority))) {
      const detail = "This server does not answer to that Host. If people open it by that name, set PUBLIC_URL to it.";
      return { type: "refused", code: "wrong-host", detail, headers: {} };
    }
    if (!path.startsWith("/") || path.includes("\\")) {
      return { type: "refused", code: "bad-request", detail: "The request names no path of this server.", headers: {} };
    }
    return undefined;
  };
  return {
    refuseUnreadable,
    isAllowedStartRequest: createStartCheck({ origins, publicUrl }),
    decide: async (request) => {
      const unreadable = refuseUnreadable(request);
      if (unreadable !== undefined) return unreadable;
      const preflight = cors.preflightHeaders(request.method, request.headers);
      if (preflight !== undefined) return { type: "preflight", headers: preflight };
      const headers = cors.answerHeaders(request.headers);
      if (!isAllowedOrigin(request.method, request.headers)) {
        const detail = "Pages of that origin may not send this request. TYPEBAR_ORIGINS lists those that may.";
        return { type: "refused", code: "forbidden-origin", detail, headers };
      }
      const isOtherKey = isPublishRequest(request) ? isPublishKey : undefined;
      if (gate === undefined) return decideWithoutPassword(isOtherKey, request, headers);
      const isOpen = openPaths.has(request.path) || openFile.test(request.path) || request.path.startsWith(openFolder);
      if (isOpen) return { type: "allowed", headers };
      return decideByPassword(gate, isOtherKey, request, headers);
    },
  };
}

/** Everybody is the owner, so there is nothing to guess; but whoever brings a key is told that it is the wrong one. */
function decideWithoutPassword(
  isKey: IsKey | undefined,
  request: RequestFacts,
  headers: Record<string, string>,
): AccessDecision {
  const candidate = isKey && credentialOf(request.headers);
  if (!candidate || isKey(candidate)) return { type: "allowed", headers };
  return refuse(headers, "That is not the key of TYPEBAR_PUBLISH_KEY.");
}

async function decideByPassword(
  gate: PasswordGate,
  isOtherKey: IsKey | undefined,
  request: RequestFacts,
  headers: Record<string, string>,
): Promise<AccessDecision> {
  const decision = await gate.check(request.headers, request.address, isOtherKey);
  switch (decision.type) {
    case "allowed":
      return { type: "allowed", headers };
    case "too-many-attempts": {
      const detail = `Too many wrong passwords were tried. Try again in ${decision.retryAfterSeconds} s.`;
      const retry = { "Retry-After": String(decision.retryAfterSeconds) };
      return { type: "refused", code: "too-many-attempts", detail, headers: { ...headers, ...retry } };
    }
    case "unauthorized":
      return isNavigation(request) ? sendToSignIn(request, headers) : refuse(headers, askForPassword);
  }
}

const askForPassword = "A password is needed: as Authorization: Bearer, in a token header, or by signing in.";

function refuse(headers: Record<string, string>, detail: string): AccessDecision {
  return { type: "refused", code: "unauthorized", detail, headers: { ...headers, "WWW-Authenticate": "Bearer" } };
}

/**
 * A link on another site brings no SameSite=Strict cookie, though the browser may have one: the page asks for itself
 * again, which then comes from this site.
 */
function sendToSignIn({ headers: asked, path }: RequestFacts, headers: Record<string, string>): AccessDecision {
  const site = asked["sec-fetch-site"];
  if (site === "cross-site" || site === "same-site") return { type: "asked-again", headers };
  return { type: "redirected", location: toSignInLocation(path), headers };
}

function isNavigation({ method, path, headers }: RequestFacts): boolean {
  if (method !== "GET" || path.startsWith("/api/")) return false;
  const mode = headers["sec-fetch-mode"];
  return mode === undefined ? (headers.accept ?? "").includes("text/html") : mode === "navigate";
}

/** `next` is where the person wanted to go, if that is a place of the page. */
function toSignInLocation(path: string): string {
  return path !== "/" && isPagePath(path) ? `/sign-in?next=${encodeURIComponent(path)}` : "/sign-in";
}

/** Nothing else is ever redirected to, so a crafted link cannot lead elsewhere. */
export function isPagePath(path: string): boolean {
  return /^\/(?:c\/[A-Za-z0-9_-]{1,64})?$/.test(path);
}
