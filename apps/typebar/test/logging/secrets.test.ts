/** What a real server writes, at its most talkative, while every place that can hold a secret holds one: none of them. */
import { once } from "node:events";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { text as readText } from "node:stream/consumers";
import { openTypebarProcess } from "@typebar/testing";
import { afterAll, beforeAll, expect, test } from "vitest";

/** Each is told from all others by its name, and is nowhere else. */
const secret = (place: string): string => `canary-${place}-7Qx`;
const canary = /canary-[a-z-]+-7Qx/gu;

let upstream: Server;
let upstreamUrl: string;

/** A provider that quotes what it was asked, in each way in which it can fail. */
beforeAll(async () => {
  upstream = createServer((request, response) => {
    void readText(request).then((body) => {
      const isList = request.method === "GET";
      if (isList) {
        response.setHeader("Content-Type", "application/json");
        response.end(JSON.stringify({ object: "list", data: [{ id: "one", object: "model", owned_by: "x" }] }));
      } else if (body.includes("refuse")) {
        response.writeHead(400, { "Content-Type": "application/json" });
        response.end(
          JSON.stringify({ error: { message: `${secret("upstream-body")} ${body}`, code: secret("upstream-code") } }),
        );
      } else {
        const delta = { id: "c", object: "chat.completion.chunk", created: 0, model: "one" };
        const choices = [{ index: 0, delta: { content: secret("answer") }, finish_reason: null }];
        const rest = body.includes("break")
          ? `{"broken": ${secret("upstream-event")}`
          : JSON.stringify({ ...delta, choices: [{ index: 0, delta: {}, finish_reason: "stop" }] });
        response.writeHead(200, { "Content-Type": "text/event-stream" });
        response.end(`data: ${JSON.stringify({ ...delta, choices })}\n\ndata: ${rest}\n\ndata: [DONE]\n\n`);
      }
    });
  });
  upstream.listen(0, "127.0.0.1");
  await once(upstream, "listening");
  upstreamUrl = `http://127.0.0.1:${(upstream.address() as AddressInfo).port}/v1`;
});
afterAll(() => upstream.close());

const isLine = (line: string): boolean => line.startsWith("{");

test("nothing that was written holds a secret, and all that was logged is one JSON object a line", async () => {
  const password = secret("password");
  await using typebar = await openTypebarProcess({
    env: {
      TYPEBAR_LOG_LEVEL: "debug",
      TYPEBAR_PASSWORD: password,
      OPENAI_BASE_URL: upstreamUrl,
      OPENAI_API_KEY: secret("api-key"),
      TYPEBAR_MODEL: "openai-compatible/one",
    },
  });
  const authorized = {
    Authorization: `Bearer ${password}`,
    Cookie: `typebar-session=${secret("cookie")}`,
    "User-Agent": secret("agent"),
    "X-Anything": secret("header"),
    "X-Request-Id": `not well formed ${secret("request-id")}`,
  };
  const ask = async (
    path: string,
    init: RequestInit = {},
    headers: Record<string, string> = authorized,
  ): Promise<Response> => {
    const response = await fetch(typebar.url + path, {
      redirect: "manual",
      ...init,
      headers: { ...headers, ...(init.headers as Record<string, string> | undefined) },
    });
    await response.clone().text();
    return response;
  };
  const send = (path: string, body: string, headers = {}, method = "POST"): Promise<Response> =>
    ask(path, { method, body, headers: { "Content-Type": "application/json", ...headers } });

  const completed = await send("/api/chat", JSON.stringify({ message: secret("prompt") }), {
    "Idempotency-Key": secret("key"),
  });
  expect(await completed.text()).toContain(secret("answer"));
  const conversation = completed.headers.get("typebar-conversation") ?? "";
  for (const how of ["refuse", "break"])
    await send("/api/chat", JSON.stringify({ message: `${how} ${secret("prompt")}` }));
  await ask(`/api/chat?${new URLSearchParams({ message: secret("query") }).toString()}`, {
    headers: { Accept: "text/event-stream" },
  });
  await send(`/api/conversations/${conversation}`, JSON.stringify({ title: secret("title") }), {}, "PATCH");
  await send("/v1/chat/completions", JSON.stringify({ messages: [{ role: "user", content: secret("prompt") }] }));
  expect((await send("/api/chat", `{"message": ${secret("not-json")}`)).status).toBe(400);
  expect((await send("/api/chat", JSON.stringify({ [secret("unknown-field")]: 1 }))).status).toBe(400);
  await send("/api/chat", JSON.stringify({ message: "hello" }), { "Last-Event-ID": secret("event-id") });
  for (const path of [
    secret("path"),
    `api/${secret("path")}`,
    `api/generations/${secret("path")}/events`,
    `docs/${secret("path")}`,
  ])
    await ask(`/${path}?${secret("query")}`);
  const metrics = await (await ask("/metrics")).text();
  expect(metrics).toContain('typebar_generations_total{outcome="failed"} 2');
  await ask("/api/models", {}, { Authorization: `Bearer ${secret("wrong-password")}` });
  await ask("/api/models", {}, { token: secret("wrong-token") });
  await ask("/sign-in", {
    method: "POST",
    headers: { "Content-Type": "application/x-www-form-urlencoded" },
    body: new URLSearchParams({ password: secret("wrong-form") }).toString(),
  });
  expect(await typebar.kill("SIGTERM")).toBe(0);

  const { output } = typebar;
  expect(output.match(canary) ?? []).toEqual([]);
  expect(metrics.match(canary) ?? []).toEqual([]);
  // It was talkative indeed.
  const lines = output
    .split("\n")
    .filter(isLine)
    .map((line) => JSON.parse(line) as Record<string, unknown>);
  expect(lines.filter(({ msg }) => msg === "a request ends").length).toBeGreaterThanOrEqual(16);
  expect(
    lines
      .filter(({ msg }) => msg === "an answer ends")
      .map(({ state }) => String(state))
      .toSorted((left, right) => left.localeCompare(right)),
  ).toEqual(["completed", "completed", "completed", "failed", "failed"]);
  expect(output.split("\n").filter((line) => line !== "" && !isLine(line))).toEqual([
    expect.stringMatching(/^Typebar is at /u),
    "Answers come from openai-compatible/one",
    expect.stringMatching(/^Conversations are kept in /u),
    ...output.split("\n").filter((line) => line.startsWith("The page has not been built")),
    "Typebar is stopping…",
  ]);
});

test("a request's ID leads to its answer: given if it is well formed, else made, and sent back", async () => {
  await using typebar = await openTypebarProcess({
    env: { OPENAI_BASE_URL: upstreamUrl, TYPEBAR_MODEL: "openai-compatible/one" },
  });
  const ask = async (headers: Record<string, string>): Promise<Response> => {
    const body = JSON.stringify({ message: "hello" });
    const response = await fetch(`${typebar.url}/api/chat`, {
      method: "POST",
      headers: { "Content-Type": "application/json", ...headers },
      body,
    });
    await response.text();
    return response;
  };
  const given = await ask({ "X-Request-Id": "proxy-1:2.3_4" });
  expect(given.headers.get("x-request-id")).toBe("proxy-1:2.3_4");
  for (const bad of ["two words", "x".repeat(65), "<script>", ""])
    expect((await ask({ "X-Request-Id": bad })).headers.get("x-request-id")).toMatch(/^[\da-f-]{36}$/u);

  const generationId = given.headers.get("typebar-generation");
  const conversationId = given.headers.get("typebar-conversation");
  const linesOf = (): Record<string, unknown>[] =>
    typebar.output
      .split("\n")
      .filter((line) => isLine(line) && line.includes(generationId ?? ""))
      .map((line) => JSON.parse(line) as Record<string, unknown>);
  await expect.poll(() => linesOf().length).toBe(2);
  const common = {
    level: 30,
    requestId: "proxy-1:2.3_4",
    generationId,
    conversationId,
    model: "openai-compatible/one",
  };
  expect(linesOf()).toEqual([
    expect.objectContaining({ ...common, msg: "an answer begins", takeover: false }),
    expect.objectContaining({ ...common, msg: "an answer ends", state: "completed", finishReason: "stop", asks: 1 }),
  ]);
});

test("silent is silent", async () => {
  await using typebar = await openTypebarProcess({
    env: { OPENAI_BASE_URL: upstreamUrl, TYPEBAR_MODEL: "openai-compatible/one", TYPEBAR_LOG_LEVEL: "silent" },
  });
  await (
    await fetch(`${typebar.url}/api/chat`, {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: '{"message":"refuse"}',
    })
  ).text();
  expect(await typebar.kill("SIGTERM")).toBe(0);
  expect(typebar.output.split("\n").filter(isLine)).toEqual([]);
});
