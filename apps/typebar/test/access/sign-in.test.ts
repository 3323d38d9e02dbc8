import { once } from "node:events";
import { request } from "node:http";
import type { IncomingHttpHeaders } from "node:http";
import type { AddressInfo } from "node:net";
import { createAdaptorServer } from "@hono/node-server";
import type { HttpBindings } from "@hono/node-server";
import { Hono } from "hono";
import { afterEach, expect, test } from "vitest";
import { createAccess } from "../../src/access/access.ts";
import { toAccessResponse } from "../../src/access/access-response.ts";
import type { CreateProblem } from "../../src/access/access-response.ts";
import { createOwnAttempts } from "../../src/access/own-attempts.ts";
import { createPasswordGate } from "../../src/access/password-gate.ts";
import { toRequestFacts } from "../../src/access/request-facts.ts";
import { createSignInRoutes } from "../../src/access/sign-in.ts";

const password = "open sesame & 芝麻";
const opened: { close: () => void }[] = [];

afterEach(() => {
  for (const server of opened.splice(0)) server.close();
});

interface Answer {
  status: number;
  headers: IncomingHttpHeaders;
  text: string;
}

type Ask = (
  method: string,
  path: string,
  options?: { headers?: Record<string, string>; body?: string },
) => Promise<Answer>;

const problem: CreateProblem = (code) => Response.json({ code }, { status: code === "unauthorized" ? 401 : 400 });

/** The access checks and the sign-in page before one page, as the composition root has them. */
async function openLockedServer(): Promise<Ask> {
  const gate = await createPasswordGate({
    password,
    isHttps: false,
    now: Date.now,
    attempts: createOwnAttempts({ now: () => performance.now() }),
  });
  const access = createAccess({ host: "127.0.0.1", publicUrl: undefined, origins: [], gate });
  const app = new Hono<{ Bindings: HttpBindings }>();
  app.use(async (context, next) => {
    const decision = await access.decide(toRequestFacts(context.env.incoming));
    for (const [name, value] of Object.entries(decision.headers)) context.env.outgoing.setHeader(name, value);
    const refusal = toAccessResponse(decision, problem);
    return refusal === undefined ? next().then(() => undefined) : Promise.resolve(refusal);
  });
  app.route("/", createSignInRoutes({ gate, addressOf: (incoming) => toRequestFacts(incoming).address, problem }));
  app.get("/", () => new Response("the page"));
  const server = createAdaptorServer({ fetch: app.fetch });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  opened.push(server);
  const { port } = server.address() as AddressInfo;
  return (method, path, { headers = {}, body } = {}) =>
    new Promise((resolve, reject) => {
      const sent = request({ host: "127.0.0.1", port, method, path, headers }, (answer) => {
        const pieces: Buffer[] = [];
        answer.on("data", (piece: Buffer) => pieces.push(piece));
        answer.on("end", () =>
          resolve({ status: answer.statusCode ?? 0, headers: answer.headers, text: Buffer.concat(pieces).toString() }),
        );
      });
      sent.on("error", reject);
      sent.end(body);
    });
}

function toForm(fields: Record<string, string>): { headers: Record<string, string>; body: string } {
  return {
    headers: { "Content-Type": "application/x-www-form-urlencoded" },
    body: new URLSearchParams(fields).toString(),
  };
}

test("a person is sent to sign in, signs in, is back where they were, and signs out", async () => {
  const ask = await openLockedServer();
  const turnedAway = await ask("GET", "/c/abc", { headers: { Accept: "text/html" } });
  expect(turnedAway).toMatchObject({ status: 303, headers: { location: "/sign-in?next=%2Fc%2Fabc" } });

  const page = await ask("GET", "/sign-in?next=%2Fc%2Fabc");
  expect(page.text).toContain(`action="/sign-in?next=%2Fc%2Fabc"`);

  const signedIn = await ask("POST", "/sign-in?next=%2Fc%2Fabc", toForm({ password }));
  expect(signedIn).toMatchObject({ status: 303, headers: { location: "/c/abc" } });
  const cookie = signedIn.headers["set-cookie"]?.[0]?.split(";")[0] ?? "";
  expect(await ask("GET", "/", { headers: { Cookie: cookie } })).toMatchObject({ status: 200, text: "the page" });

  const signedOut = await ask("POST", "/sign-out", { headers: { Cookie: cookie } });
  expect(signedOut).toMatchObject({ status: 303, headers: { location: "/sign-in" } });
  expect(signedOut.headers["set-cookie"]?.[0]).toContain("Max-Age=0");
});

test("a wrong password is told on the page, and too many of them with how long to wait", async () => {
  const ask = await openLockedServer();
  const wrong = await ask("POST", "/sign-in", toForm({ password: "guess" }));
  expect(wrong.status).toBe(401);
  expect(wrong.text).toContain("That is not the password.");
  expect(wrong.headers["set-cookie"]).toBeUndefined();
  await ask("POST", "/sign-in", toForm({ password: "guess" }));
  await ask("POST", "/sign-in", toForm({}));
  const waiting = await ask("POST", "/sign-in", toForm({ password }));
  expect(waiting.status).toBe(429);
  expect(Number(waiting.headers["retry-after"])).toBeGreaterThan(0);
  expect(waiting.text).toContain("Too many wrong passwords");
});

test("failures are counted against the address that a proxy on this machine saw, not one that was made up", async () => {
  const ask = await openLockedServer();
  const from = (forwarded: string): { headers: Record<string, string>; body: string } => {
    const form = toForm({ password: "guess" });
    return { ...form, headers: { ...form.headers, "X-Forwarded-For": forwarded } };
  };
  for (let attempt = 0; attempt < 3; attempt++)
    await ask("POST", "/sign-in", from(`198.51.100.${attempt}, 203.0.113.7`));
  expect((await ask("POST", "/sign-in", from("198.51.100.9, 203.0.113.7"))).status).toBe(429);
  expect((await ask("POST", "/sign-in", from("203.0.113.8"))).status).toBe(401);
});

test("never leads to another place than the page's own", async () => {
  const ask = await openLockedServer();
  for (const next of [
    "https://evil.example",
    "//evil.example",
    "/\\evil.example",
    "/c/a/../../x",
    `/c/"><b>`,
    "javascript:0",
  ]) {
    const path = `/sign-in?next=${encodeURIComponent(next)}`;
    expect((await ask("GET", path)).text).toContain(`action="/sign-in"`);
    expect((await ask("POST", path, toForm({ password }))).headers.location).toBe("/");
  }
});

test("speaks the reader's language and needs nothing that the CSP forbids", async () => {
  const ask = await openLockedServer();
  const chinese = await ask("GET", "/sign-in", { headers: { "Accept-Language": "fr, en;q=0.4, zh-CN;q=0.8" } });
  expect(chinese.text).toContain(`<html lang="zh">`);
  expect(chinese.text).toContain("密码");
  const english = await ask("GET", "/sign-in", { headers: { "Accept-Language": "fr;q=1, en;q=0.8, zh;q=0.4" } });
  expect(english.text).toContain(`<html lang="en">`);
  expect(english.text).not.toMatch(/<script|<style|\sstyle=|\son[a-z]+=/i);
  expect(english.headers["cache-control"]).toBe("no-store");
  const css = await ask("GET", "/sign-in.css");
  expect(css).toMatchObject({ status: 200, headers: { "content-type": "text/css; charset=utf-8" } });
});

test("reads only a small form", async () => {
  const ask = await openLockedServer();
  const json = await ask("POST", "/sign-in", {
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify({ password }),
  });
  expect(json.text).toContain("unsupported-media-type");
  expect((await ask("POST", "/sign-in", toForm({ password: "x".repeat(5000) }))).text).toContain("body-too-large");
  const form = toForm({ password });
  const unsized = await ask("POST", "/sign-in", {
    ...form,
    headers: { ...form.headers, "Transfer-Encoding": "chunked" },
  });
  expect(unsized.text).toContain("body-too-large");
});
