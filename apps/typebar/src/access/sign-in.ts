/** `/sign-in` and `/sign-out` as Hono routes. Mounted by the composition root where a password is set. */
import type { IncomingMessage } from "node:http";
import type { HttpBindings } from "@hono/node-server";
import { Hono } from "hono";
import { isPagePath } from "./access.ts";
import type { CreateProblem } from "./access-response.ts";
import type { PasswordGate } from "./password-gate.ts";
import { chooseLanguage, renderSignInPage, signInCss } from "./sign-in-page.ts";
import type { SignInMessage } from "./sign-in-page.ts";

/** A password with its field's name; far more than any form of ours sends. */
const maxFormBytes = 4096;

export interface SignInOptions {
  gate: PasswordGate;
  /** Whom a failed password is counted against. */
  addressOf: (incoming: IncomingMessage) => string;
  problem: CreateProblem;
}

/** The origin of a POST was checked before (access.ts). */
export function createSignInRoutes({ gate, addressOf, problem }: SignInOptions): Hono<{ Bindings: HttpBindings }> {
  const routes = new Hono<{ Bindings: HttpBindings }>();

  routes.get("/sign-in", ({ req }) => page(req.raw, 200, { type: "none" }));

  routes.get("/sign-in.css", () => {
    return new Response(signInCss, {
      headers: { "Content-Type": "text/css; charset=utf-8", "Cache-Control": "no-cache" },
    });
  });

  routes.post("/sign-in", async ({ req, env }) => {
    if (!/^application\/x-www-form-urlencoded\s*(?:;|$)/i.test(req.header("Content-Type") ?? "")) {
      return problem("unsupported-media-type", "The sign-in form is sent as application/x-www-form-urlencoded.");
    }
    // Browsers always name the length of a form; what names none is not read.
    const bytes = Number(req.header("Content-Length") ?? Number.NaN);
    if (!(bytes <= maxFormBytes))
      return problem("body-too-large", `The sign-in form takes at most ${maxFormBytes} bytes.`);
    const password = new URLSearchParams(await req.text()).get("password") ?? "";
    const decision = await gate.tryPassword(password, addressOf(env.incoming));
    switch (decision.type) {
      case "allowed":
        return redirect(nextOf(req.raw) ?? "/", gate.signInCookie());
      case "unauthorized":
        return page(req.raw, 401, { type: "wrong" }, { "WWW-Authenticate": "Bearer" });
      case "too-many-attempts": {
        const seconds = decision.retryAfterSeconds;
        return page(req.raw, 429, { type: "wait", seconds }, { "Retry-After": String(seconds) });
      }
    }
  });

  routes.post("/sign-out", () => redirect("/sign-in", gate.signOutCookie()));

  return routes;
}

function page(
  request: Request,
  status: number,
  message: SignInMessage,
  headers: Record<string, string> = {},
): Response {
  const next = nextOf(request);
  const action = next === undefined ? "/sign-in" : `/sign-in?next=${encodeURIComponent(next)}`;
  const language = chooseLanguage(request.headers.get("Accept-Language") ?? undefined);
  return new Response(renderSignInPage(language, action, message), {
    status,
    headers: {
      "Content-Type": "text/html; charset=utf-8",
      "Cache-Control": "no-store",
      // With `no-referrer`, as elsewhere, a browser would send this page's form with `Origin: null`.
      "Referrer-Policy": "same-origin",
      Vary: "Accept-Language",
      ...headers,
    },
  });
}

/** Where to go after signing in, if it is a place of the page. */
function nextOf(request: Request): string | undefined {
  const next = new URL(request.url).searchParams.get("next");
  return next !== null && isPagePath(next) ? next : undefined;
}

function redirect(location: string, cookie: string): Response {
  return new Response(null, {
    status: 303,
    headers: { Location: location, "Set-Cookie": cookie, "Cache-Control": "no-store" },
  });
}
