/** Who gets in, over HTTP: passwords, Host, Origin, and the headers that every answer carries. */
import { request as httpRequest, type IncomingHttpHeaders } from "node:http";
import { connect } from "node:net";
import { text as readText } from "node:stream/consumers";
import { openTypebarProcess, type TypebarProcess } from "@typebar/testing";
import { afterAll, beforeAll, describe, expect, test } from "vitest";

const password = "correct horse 电池";
const passwordBytes = Buffer.from(password).toString("latin1");

/** `fetch` may not name a Host. */
function ask(
  url: string,
  options: { method?: string; headers?: Record<string, string>; body?: string } = {},
): Promise<{ status: number; headers: IncomingHttpHeaders; body: string }> {
  const { promise, resolve, reject } = Promise.withResolvers<{
    status: number;
    headers: IncomingHttpHeaders;
    body: string;
  }>();
  const { body, ...rest } = options;
  const request = httpRequest(url, { ...rest, agent: false }, (response) => {
    let text = "";
    response.setEncoding("utf8").on("data", (piece: string) => (text += piece));
    response.on("end", () => resolve({ status: response.statusCode ?? 0, headers: response.headers, body: text }));
  });
  request.on("error", reject);
  request.end(body);
  return promise;
}

/** A request as no client would write it: its line and Host as they are. */
async function askRaw(port: number, head: string): Promise<{ status: number; head: string; body: string }> {
  const socket = connect(port, "127.0.0.1");
  socket.write(`${head}\r\nConnection: close\r\n\r\n`);
  const answer = await readText(socket);
  const [answerHead = "", body = ""] = answer.split("\r\n\r\n");
  return { status: Number(answerHead.split(" ")[1]), head: answerHead, body };
}

const codeOf = (answer: { body: string }): string => (JSON.parse(answer.body) as { code: string }).code;
const json = { "Content-Type": "application/json" };

describe("with a password", () => {
  let typebar: TypebarProcess;
  beforeAll(async () => {
    typebar = await openTypebarProcess({ env: { TYPEBAR_PASSWORD: password, HOST: "0.0.0.0" } });
  });
  afterAll(() => typebar[Symbol.asyncDispose]());

  const models = (headers: Record<string, string>): ReturnType<typeof ask> =>
    ask(`${typebar.url}/api/models`, { headers });

  test("nobody gets in without it", async () => {
    const refused = await models({});
    expect([refused.status, codeOf(refused), refused.headers["www-authenticate"]]).toEqual([
      401,
      "unauthorized",
      "Bearer",
    ]);
    const started = await ask(`${typebar.url}/api/chat`, { method: "POST", headers: json, body: '{"message":"x"}' });
    expect(started.status).toBe(401);
    const page = await ask(`${typebar.url}/`, { headers: { Accept: "text/html" } });
    expect([page.status, page.headers.location]).toEqual([303, "/sign-in"]);
    expect((await ask(`${typebar.url}/livez`)).status).toBe(200);
    // Public code, for a sandbox that has no cookie; and nothing is reached by that way.
    expect((await ask(`${typebar.url}/diagram/nothing`)).status).toBe(404);
    const { host, port } = new URL(typebar.url);
    const around = await askRaw(Number(port), `GET /diagram/../api/models HTTP/1.1\r\nHost: ${host}`);
    expect(around.status).toBe(404);
    expect((await ask(`${typebar.url}/diagram`)).status).toBe(401);
  });

  test.each([
    ["as a bearer token", { Authorization: `Bearer ${passwordBytes}` }],
    ["in a token header", { token: passwordBytes }],
  ])("it lets in %s", async (_name, headers) => {
    expect((await models(headers)).status).toBe(200);
  });

  test("the sign-in form gives a cookie that lets in, and signing out takes it back", async () => {
    const form = { "Content-Type": "application/x-www-form-urlencoded" };
    const body = new URLSearchParams({ password }).toString();
    const signed = await ask(`${typebar.url}/sign-in`, {
      method: "POST",
      headers: { ...form, "Content-Length": String(body.length) },
      body,
    });
    expect([signed.status, signed.headers.location]).toEqual([303, "/"]);
    const [setCookie = ""] = signed.headers["set-cookie"] ?? [];
    expect(setCookie).toMatch(/HttpOnly/);
    expect(setCookie).toMatch(/SameSite=Strict/);
    const cookie = setCookie.split(";")[0] ?? "";
    expect(cookie).not.toContain(encodeURIComponent(password));
    expect((await models({ Cookie: cookie })).status).toBe(200);
    expect((await models({ Cookie: `${cookie}x` })).status).toBe(401);
    const access = await ask(`${typebar.url}/api/access`, { headers: { Cookie: cookie } });
    expect(JSON.parse(access.body)).toEqual({ password: true });
    expect((await ask(`${typebar.url}/api/access`, {})).status).toBe(401);
    const out = await ask(`${typebar.url}/sign-out`, { method: "POST", headers: { Cookie: cookie } });
    expect(out.headers["set-cookie"]?.[0]).toMatch(/Max-Age=0/);
  });

  test("who guesses has to wait, and others have not", async () => {
    const guesser = { token: "wrong", "X-Forwarded-For": "198.51.100.7" };
    const statuses: number[] = [];
    for (let guess = 0; guess < 4; guess++) statuses.push((await models(guesser)).status);
    expect(statuses).toEqual([401, 401, 401, 429]);
    const waiting = await models({ ...guesser, token: passwordBytes });
    expect([waiting.status, codeOf(waiting)]).toEqual([429, "too-many-attempts"]);
    expect(Number(waiting.headers["retry-after"])).toBeGreaterThan(0);
    expect((await models({ token: passwordBytes, "X-Forwarded-For": "198.51.100.8" })).status).toBe(200);
  });
});

describe("on loopback", () => {
  let typebar: TypebarProcess;
  beforeAll(async () => {
    typebar = await openTypebarProcess({ env: { TYPEBAR_ORIGINS: "https://app.example.org" } });
  });
  afterAll(() => typebar[Symbol.asyncDispose]());

  test("a page is told that there is no password, and so nothing to sign out of", async () => {
    const access = await ask(`${typebar.url}/api/access`, {});
    expect([access.status, JSON.parse(access.body)]).toEqual([200, { password: false }]);
    expect((await ask(`${typebar.url}/api/access`, { method: "POST", headers: json, body: "{}" })).status).toBe(405);
  });

  test("a name that was pointed here is not answered, on any path", async () => {
    for (const path of ["/", "/api/models", "/livez", "/docs/en/models.md"]) {
      const refused = await ask(typebar.url + path, { headers: { Host: `evil.example:${typebar.port}` } });
      expect([path, refused.status, codeOf(refused)]).toEqual([path, 421, "wrong-host"]);
    }
    const own = await ask(`${typebar.url}/livez`, { headers: { Host: `localhost:${typebar.port}` } });
    expect(own.status).toBe(200);
  });

  test.each([
    ["GET / HTTP/1.1\r\nHost: localhost:99999", 421, "wrong-host"],
    ["GET / HTTP/1.1\r\nHost: [:::1]", 421, "wrong-host"],
    ["GET http://evil.example/livez HTTP/1.1\r\nHost: localhost", 421, "wrong-host"],
    ["GET http://localhost@evil.example/livez HTTP/1.1\r\nHost: localhost", 421, "wrong-host"],
    ["GET http://localhost/livez HTTP/1.1\r\nHost: evil.example", 421, "wrong-host"],
    ["OPTIONS * HTTP/1.1\r\nHost: localhost", 400, "bad-request"],
    ["GET /a\\b HTTP/1.1\r\nHost: localhost", 400, "bad-request"],
    ["GET http://localhost/a\\b HTTP/1.1\r\nHost: localhost", 400, "bad-request"],
  ])("a request that cannot be read is the client's fault: %j", async (head, status, code) => {
    const answer = await askRaw(typebar.port, head);
    expect([answer.status, JSON.parse(answer.body)]).toEqual([status, expect.objectContaining({ status, code })]);
    expect(answer.head).toMatch(/^content-security-policy: default-src 'none'/im);
    expect(answer.head).toMatch(/^content-type: application\/problem\+json/im);
    expect(typebar.output).not.toContain('"level"');
  });

  test("a request that names the whole address is answered like any other", async () => {
    const whole = `http://127.0.0.1:${typebar.port}`;
    const answer = await askRaw(typebar.port, `GET ${whole}/api/models HTTP/1.1\r\nHost: 127.0.0.1:${typebar.port}`);
    expect([answer.status, JSON.parse(answer.body)]).toEqual([
      200,
      expect.objectContaining({ models: expect.any(Array) }),
    ]);
    expect((await askRaw(typebar.port, `GET ${whole} HTTP/1.1\r\nHost: localhost`)).head).toContain("text/html");
    expect((await askRaw(typebar.port, `GET ${whole}/?a=b HTTP/1.1\r\nHost: localhost`)).head).toContain("text/html");
  });

  test("a page of another site changes nothing and starts nothing", async () => {
    const evil = { Origin: "https://evil.example", "Sec-Fetch-Site": "cross-site" };
    const tries: [string, Parameters<typeof ask>[1]][] = [
      ["/api/chat", { method: "POST", headers: { ...evil, ...json }, body: '{"message":"x"}' }],
      ["/api/conversations", { method: "POST", headers: { ...json, "Sec-Fetch-Site": "same-site" }, body: "{}" }],
      ["/api/chat?message=x", { headers: { ...evil, Accept: "text/event-stream" } }],
      ["/api/chat?message=x", { headers: { Accept: "text/event-stream", "Sec-Fetch-Mode": "navigate" } }],
      ["/api/chat?message=x", { headers: { Accept: "text/event-stream", "Sec-Purpose": "prefetch" } }],
    ];
    for (const [path, options] of tries) {
      const refused = await ask(typebar.url + path, options);
      expect([path, refused.status, codeOf(refused)]).toEqual([path, 403, "forbidden-origin"]);
    }
    const { body } = await ask(`${typebar.url}/api/conversations`);
    expect(JSON.parse(body)).toEqual({ conversations: [], nextCursor: null });
  });

  test("every answer forbids what the page does not need: page, stream, problem", async () => {
    const answers = await Promise.all([
      ask(`${typebar.url}/`, { headers: { Accept: "text/html" } }),
      ask(`${typebar.url}/api/chat`, { method: "POST", headers: json, body: '{"message":"hello"}' }),
      ask(`${typebar.url}/api/unknown`),
      ask(`${typebar.url}/api/chat`, { method: "HEAD" }),
    ]);
    expect(answers.map(({ status }) => status)).toEqual([200, 200, 404, 405]);
    expect(answers[1].headers["content-type"]).toBe("text/event-stream; charset=utf-8");
    expect(answers[1].body).toMatch(/event: close\ndata: \[DONE\]\nid: [^\n]+\n\n$/);
    for (const { headers } of answers) {
      const csp = headers["content-security-policy"];
      for (const rule of ["default-src 'none'", "script-src 'self'", "frame-ancestors 'none'", "base-uri 'none'"]) {
        expect(csp).toContain(rule);
      }
      expect([headers["x-content-type-options"], headers["referrer-policy"]]).toEqual(["nosniff", "no-referrer"]);
    }
  });

  test("an allowed origin may ask and read the headers of the answer", async () => {
    const origin = { Origin: "https://app.example.org" };
    const preflight = await ask(`${typebar.url}/api/chat`, {
      method: "OPTIONS",
      headers: {
        ...origin,
        "Access-Control-Request-Method": "POST",
        "Access-Control-Request-Headers": "content-type,last-event-id,idempotency-key",
      },
    });
    expect(preflight.status).toBe(204);
    const asked = await ask(`${typebar.url}/api/chat`, {
      method: "POST",
      headers: { ...origin, ...json },
      body: '{"message":"hello"}',
    });
    expect(asked.headers["access-control-allow-origin"]).toBe("https://app.example.org");
    expect(asked.headers["access-control-expose-headers"]?.toLowerCase()).toContain("typebar-generation");
  });
});
