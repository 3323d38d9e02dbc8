import type { IncomingHttpHeaders } from "node:http";
import { describe, expect, test } from "vitest";
import { createAccess } from "../../src/access/access.ts";
import type { Access, AccessDecision } from "../../src/access/access.ts";
import { createOwnAttempts } from "../../src/access/own-attempts.ts";
import { createPasswordGate } from "../../src/access/password-gate.ts";
import type { PasswordGate } from "../../src/access/password-gate.ts";

const host = "127.0.0.1:8787";

function createOpenAccess(
  options: { host?: string; publicUrl?: URL; origins?: string[]; gate?: PasswordGate } = {},
): Access {
  return createAccess({
    host: options.host ?? "127.0.0.1",
    publicUrl: options.publicUrl,
    origins: options.origins ?? [],
    gate: options.gate,
  });
}

function decide(access: Access, method: string, path: string, headers: IncomingHttpHeaders): Promise<AccessDecision> {
  return access.decide({ method, path, headers: { host, ...headers }, address: "127.0.0.1" });
}

function codeOf(decision: AccessDecision): string {
  return decision.type === "refused" ? decision.code : decision.type;
}

describe("Host", () => {
  const access = createOpenAccess({ host: "10.1.2.3", publicUrl: new URL("https://chat.example.org") });

  test.each([
    "localhost",
    "localhost:5173",
    "LOCALHOST:8787",
    "typebar.localhost:8787",
    "127.0.0.1",
    "127.0.0.1:8787",
    "[::1]:8787",
    "10.1.2.3:8787",
    "chat.example.org",
    "chat.example.org:443",
  ])("answers to %s", async (name) => {
    expect(codeOf(await decide(access, "GET", "/", { host: name }))).toBe("allowed");
  });

  test.each([
    "evil.example",
    "evil.example:8787",
    "localhost.evil.example",
    "127.0.0.1.evil.example",
    "chat.example.org.evil.example",
    "evil.example@127.0.0.1",
    "evil.example#127.0.0.1",
    "127.0.0.1:8787:80",
    "localhost:99999",
    "[:::1]",
    "[::ffff:127.0.0.1]",
    "10.1.2.4",
    "[::2]",
    "",
  ])("answers 421 to %j, to which a foreign page can point its own name", async (name) => {
    expect(codeOf(await decide(access, "GET", "/", { host: name }))).toBe("wrong-host");
  });

  test("is any address, but no name, where all addresses are listened on", async () => {
    for (const wildcard of ["0.0.0.0", "::"]) {
      const everywhere = createOpenAccess({ host: wildcard });
      for (const name of ["192.168.1.20:8787", "[fe80::1]:8787", "10.0.0.7", "localhost"]) {
        expect(codeOf(await decide(everywhere, "GET", "/", { host: name }))).toBe("allowed");
      }
      for (const name of ["evil.example", "192.168.1.20.evil.example", "300.1.1.1"]) {
        expect(codeOf(await decide(everywhere, "GET", "/", { host: name }))).toBe("wrong-host");
      }
    }
  });

  test("answers 421 where no Host is named", async () => {
    expect(codeOf(await access.decide({ method: "GET", path: "/", headers: {}, address: "::1" }))).toBe("wrong-host");
  });
});

describe("origin of what changes something", () => {
  const access = createOpenAccess({
    origins: ["https://app.example.org"],
    publicUrl: new URL("https://chat.example.org"),
  });

  test.each<[string, IncomingHttpHeaders]>([
    ["a program without a browser", {}],
    ["the page itself", { origin: "http://127.0.0.1:8787", "sec-fetch-site": "same-origin" }],
    ["the page behind a proxy that ends TLS", { host: "localhost", origin: "https://localhost" }],
    ["the page under PUBLIC_URL, its Host rewritten by a proxy", { origin: "https://chat.example.org" }],
    ["a listed site", { origin: "https://app.example.org", "sec-fetch-site": "cross-site" }],
    ["a person's own doing", { "sec-fetch-site": "none" }],
  ])("is allowed for %s", async (_who, headers) => {
    expect(codeOf(await decide(access, "POST", "/api/chat", headers))).toBe("allowed");
  });

  test.each<[string, IncomingHttpHeaders]>([
    ["another site", { origin: "https://evil.example" }],
    ["another port of this machine", { origin: "http://127.0.0.1:3000", "sec-fetch-site": "same-site" }],
    ["a page that hides its origin", { origin: "null" }],
    ["a cross-site form without an Origin", { "sec-fetch-site": "cross-site" }],
    ["a sister site without an Origin", { "sec-fetch-site": "same-site" }],
    ["a name that begins like ours", { origin: "http://127.0.0.1:8787.evil.example" }],
    ["a listed name with another scheme", { origin: "http://app.example.org" }],
    ["no origin at all", { origin: "file://" }],
  ])("is refused for %s", async (_who, headers) => {
    for (const method of ["POST", "PATCH", "DELETE", "PUT"]) {
      expect(codeOf(await decide(access, method, "/api/conversations", headers))).toBe("forbidden-origin");
    }
  });

  test("is not asked of reading", async () => {
    expect(codeOf(await decide(access, "GET", "/api/models", { origin: "https://evil.example" }))).toBe("allowed");
  });
});

describe("starting by GET", () => {
  const access = createOpenAccess({ origins: ["https://app.example.org"] });
  const eventSource = { host, accept: "text/event-stream" };

  test.each<[string, IncomingHttpHeaders]>([
    ["a program", eventSource],
    ["the page's EventSource", { ...eventSource, "sec-fetch-site": "same-origin", "sec-fetch-mode": "cors" }],
    [
      "a listed site's EventSource",
      { ...eventSource, origin: "https://app.example.org", "sec-fetch-site": "cross-site" },
    ],
    ["one of several accepted types", { host, accept: "application/json, text/event-stream;q=0.9" }],
  ])("is allowed for %s", (_who, headers) => {
    expect(access.isAllowedStartRequest(headers)).toBe(true);
  });

  test.each<[string, IncomingHttpHeaders]>([
    ["an image", { host, accept: "image/*", "sec-fetch-site": "cross-site", "sec-fetch-mode": "no-cors" }],
    ["anything at all", { host, accept: "*/*" }],
    ["no Accept", { host }],
    ["a link", { ...eventSource, "sec-fetch-mode": "navigate", "sec-fetch-site": "none" }],
    ["a prefetch", { ...eventSource, "sec-purpose": "prefetch" }],
    ["another site's EventSource", { ...eventSource, origin: "https://evil.example", "sec-fetch-site": "cross-site" }],
    ["another site's EventSource in an old browser", { ...eventSource, origin: "https://evil.example" }],
    ["a cross-site request without an Origin", { ...eventSource, "sec-fetch-site": "cross-site" }],
    ["a sister site", { ...eventSource, "sec-fetch-site": "same-site" }],
  ])("is refused for %s", (_who, headers) => {
    expect(access.isAllowedStartRequest(headers)).toBe(false);
  });
});

describe("CORS", () => {
  const preflight = { "access-control-request-method": "POST", "access-control-request-headers": "content-type" };

  test("is off where no origin is listed", async () => {
    const decision = await decide(createOpenAccess(), "OPTIONS", "/api/chat", {
      ...preflight,
      origin: "https://app.example.org",
    });
    expect(decision).toEqual({ type: "allowed", headers: {} });
  });

  test("lets a listed site's OpenAI client say what it says of itself, and nothing else that is unknown", async () => {
    const access = createOpenAccess({ origins: ["https://app.example.org"] });
    const { headers } = await decide(access, "OPTIONS", "/v1/chat/completions", {
      ...preflight,
      "access-control-request-headers":
        "authorization, content-type,x-stainless-runtime-version,x-forwarded-for, x-stainless-<",
      origin: "https://app.example.org",
    });
    const allowed = headers["Access-Control-Allow-Headers"]?.toLowerCase().split(", ");
    expect(allowed).toContain("x-stainless-runtime-version");
    expect(allowed).not.toContain("x-forwarded-for");
    expect(allowed).not.toContain("x-stainless-<");
  });

  test("answers a listed site's preflight without asking for a password", async () => {
    const gate = await createPasswordGate({
      password: "open sesame",
      isHttps: false,
      now: () => 0,
      attempts: createOwnAttempts({ now: () => 0 }),
    });
    const access = createOpenAccess({ origins: ["https://app.example.org"], gate });
    const decision = await decide(access, "OPTIONS", "/api/chat", { ...preflight, origin: "https://app.example.org" });
    expect(decision.type).toBe("preflight");
    expect(decision.headers).toMatchObject({
      Vary: "Origin",
      "Access-Control-Allow-Origin": "https://app.example.org",
      "Access-Control-Allow-Credentials": "true",
    });
    const allowed = decision.headers["Access-Control-Allow-Headers"]?.toLowerCase().split(", ");
    for (const name of [
      "authorization",
      "token",
      "content-type",
      "last-event-id",
      "idempotency-key",
      "typebar-resume",
    ]) {
      expect(allowed).toContain(name);
    }
  });

  test("shows a listed site the answer and its Typebar headers, also of a refusal", async () => {
    const gate = await createPasswordGate({
      password: "open sesame",
      isHttps: false,
      now: () => 0,
      attempts: createOwnAttempts({ now: () => 0 }),
    });
    const access = createOpenAccess({ origins: ["https://app.example.org"], gate });
    const decision = await decide(access, "POST", "/api/chat", { origin: "https://app.example.org" });
    expect(codeOf(decision)).toBe("unauthorized");
    expect(decision.headers["Access-Control-Allow-Origin"]).toBe("https://app.example.org");
    const exposed = decision.headers["Access-Control-Expose-Headers"]?.split(", ");
    expect(exposed).toEqual(expect.arrayContaining(["Typebar-Generation", "Typebar-Conversation", "Content-Location"]));
  });

  test("shows another site nothing, and keeps caches from mixing the two up", async () => {
    const access = createOpenAccess({ origins: ["https://app.example.org"] });
    const decision = await decide(access, "GET", "/api/models", { origin: "https://evil.example" });
    expect(decision).toEqual({ type: "allowed", headers: { Vary: "Origin" } });
    expect((await decide(access, "OPTIONS", "/api/chat", { ...preflight, origin: "https://evil.example" })).type).toBe(
      "allowed",
    );
  });
});

describe("with a password", () => {
  const navigation = { "sec-fetch-mode": "navigate", accept: "text/html", "sec-fetch-site": "none" };

  async function createLockedAccess(): Promise<Access> {
    return createOpenAccess({
      gate: await createPasswordGate({
        password: "open sesame",
        isHttps: false,
        now: () => 0,
        attempts: createOwnAttempts({ now: () => 0 }),
      }),
    });
  }

  test("an API request without it is refused and told how", async () => {
    const decision = await decide(await createLockedAccess(), "GET", "/api/conversations", {});
    expect(codeOf(decision)).toBe("unauthorized");
    expect(decision.headers["WWW-Authenticate"]).toBe("Bearer");
  });

  test("a browser is sent to sign in, and back to where it wanted to go", async () => {
    const access = await createLockedAccess();
    expect(await decide(access, "GET", "/", navigation)).toMatchObject({ type: "redirected", location: "/sign-in" });
    expect(await decide(access, "GET", "/c/abc", navigation)).toMatchObject({
      type: "redirected",
      location: "/sign-in?next=%2Fc%2Fabc",
    });
    expect((await decide(access, "GET", "/c/abc", { accept: "text/html,*/*" })).type).toBe("redirected");
    expect(await decide(access, "GET", "//evil.example", navigation)).toMatchObject({ location: "/sign-in" });
  });

  test("a browser that came by a link from another site asks again, since it then sends its cookie", async () => {
    const decision = await decide(await createLockedAccess(), "GET", "/", {
      ...navigation,
      "sec-fetch-site": "cross-site",
    });
    expect(decision.type).toBe("asked-again");
  });

  const forApps = ["/typebar.webmanifest", "/icon.svg", "/icon-192.png", "/icon-maskable-512.png"];
  test.each(["/livez", "/readyz", "/sign-in", "/sign-in.css", ...forApps])("%s stays open", async (path) => {
    expect((await decide(await createLockedAccess(), "GET", path, {})).type).toBe("allowed");
  });

  const others = ["/sw.js", "/icon.svg/", "/icon/../sw.js", "/assets/icon.svg"];
  test.each(["/livez/", "//livez", "/livez/../api/models", "/sign-in/x", "/Sign-In", ...others])(
    "%s does not",
    async (path) => {
      expect(codeOf(await decide(await createLockedAccess(), "GET", path, {}))).toBe("unauthorized");
    },
  );

  test("Host and origin are checked before it, so that a foreign page cannot guess", async () => {
    const access = await createLockedAccess();
    const authorization = "Bearer open sesame";
    expect(codeOf(await decide(access, "POST", "/api/chat", { authorization, origin: "https://evil.example" }))).toBe(
      "forbidden-origin",
    );
    expect(codeOf(await decide(access, "POST", "/api/chat", { authorization, host: "evil.example" }))).toBe(
      "wrong-host",
    );
    expect(codeOf(await decide(access, "POST", "/sign-in", { origin: "https://evil.example" }))).toBe(
      "forbidden-origin",
    );
  });

  test("waiting after wrong passwords is told with Retry-After", async () => {
    const access = await createLockedAccess();
    for (let attempt = 0; attempt < 3; attempt++)
      await decide(access, "GET", "/api/models", { authorization: "Bearer no" });
    const decision = await decide(access, "GET", "/api/models", { authorization: "Bearer open sesame" });
    expect(codeOf(decision)).toBe("too-many-attempts");
    expect(Number(decision.headers["Retry-After"])).toBeGreaterThan(0);
  });
});
