/** Every endpoint of PROTOCOL.md's table: the shape of its answers, whose they are, and what it refuses. */
import { request as httpRequest } from "node:http";
import * as v from "valibot";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import type { Model } from "../../src/protocol.ts";
import { checkWhole, textOf } from "./blocks.ts";
import { type ChatServer, openChatServer } from "./chat-server.ts";
import { createFakeProvider, echoOf, say, silence } from "./fake-provider.ts";
import {
  conversationSchema,
  generationSchema,
  modelsSchema,
  pageSchema,
  problemSchema,
  settingsSchema,
  summarySchema,
} from "./wire-schema.ts";

let chat: ChatServer;
beforeAll(async () => {
  chat = await openChatServer();
  chat.provider.script("endless", async function* ({ signal }) {
    yield say("and so on");
    await silence(signal);
  });
});
afterAll(() => chat[Symbol.asyncDispose]());

async function readAs<S extends v.GenericSchema>(schema: S, response: Response): Promise<v.InferOutput<S>> {
  expect(response.headers.get("content-type")).toBe("application/json");
  expect(response.headers.get("cache-control")).toBe("no-store");
  return v.parse(schema, await response.json());
}

async function problemOf(response: Response): Promise<{ status: number; code: string; detail: string | undefined }> {
  expect(response.headers.get("content-type")).toBe("application/problem+json");
  const { status, code, type, detail } = v.parse(problemSchema, await response.json());
  expect([status, type]).toEqual([response.status, `/docs/errors.md#${code}`]);
  return { status, code, detail };
}

describe("conversations", () => {
  test("are made, read, renamed, listed and deleted, each in its shape", async () => {
    const owner = { "x-owner": "carol" };
    const made = await chat.send("POST", "/api/conversations", {}, owner);
    expect(made.status).toBe(201);
    const location = made.headers.get("Location") ?? "";
    const empty = await readAs(conversationSchema, made);
    expect(location).toBe(`/api/conversations/${empty.id}`);
    expect(empty).toMatchObject({ title: "", messages: [], generationId: null });
    expect(empty.id).toMatch(/^[A-Za-z0-9_-]{20}$/);

    const asked = await chat.open("/api/chat", { body: { message: "hi", conversationId: empty.id }, headers: owner });
    await asked.rest();
    await chat.generations.settled(asked.generationId);
    const read = await readAs(conversationSchema, await chat.fetch(location, { headers: owner }));
    expect(read.messages.map(({ role, parentId }) => [role, parentId])).toEqual([
      ["user", null],
      ["assistant", read.messages[0]?.id],
    ]);

    const title = "سلام 👩‍🚀".padEnd(200, "x");
    const renamed = await chat.send("PATCH", location, { title }, owner);
    expect(await readAs(summarySchema, renamed)).toMatchObject({ id: empty.id, title });
    await chat.send("POST", "/api/conversations", { title: "named" }, owner);
    const page = await readAs(pageSchema, await chat.fetch("/api/conversations?limit=1", { headers: owner }));
    expect(page.conversations).toHaveLength(1);
    const next = await readAs(
      pageSchema,
      await chat.fetch(`/api/conversations?limit=1&cursor=${page.nextCursor ?? ""}`, { headers: owner }),
    );
    expect([...page.conversations, ...next.conversations].map((item) => item.title).toSorted()).toEqual(
      [title, "named"].toSorted(),
    );
    expect(next.nextCursor).toBeNull();

    const deleted = await chat.fetch(location, { method: "DELETE", headers: owner });
    expect([deleted.status, await deleted.text()]).toEqual([204, ""]);
    for (const method of ["GET", "DELETE"]) {
      expect(await problemOf(await chat.fetch(location, { method, headers: owner }))).toMatchObject({
        code: "not-found",
      });
    }
  });

  test("say which answer is running, whose message is then empty", async () => {
    const answer = await chat.open("/api/chat", { body: { message: "endless" } });
    await answer.until(() => textOf(answer.blocks) === "and so on");
    const conversation = await readAs(
      conversationSchema,
      await chat.fetch(`/api/conversations/${answer.conversationId}`),
    );
    expect(conversation.generationId).toBe(answer.generationId);
    expect(conversation.messages[1]).toMatchObject({ parts: [], metadata: { state: "running" } });
    expect(await readAs(generationSchema, await chat.fetch(`/api/generations/${answer.generationId}`))).toMatchObject({
      state: "running",
      finishedAt: null,
      messageId: conversation.messages[1]?.id,
    });
    await chat.send("POST", `/api/generations/${answer.generationId}/stop`, {});
    await answer.rest();
  });

  test.each([["limit=0"], ["limit=101"], ["limit=x"], ["limit=1.5"], ["cursor=x"], ["cursor="], ["page=2"]])(
    "are not listed with ?%s",
    async (query) => {
      expect(await problemOf(await chat.fetch(`/api/conversations?${query}`))).toMatchObject({
        status: 400,
        code: "bad-request",
      });
    },
  );

  test.each([
    [{ title: "" }],
    [{ title: " " }],
    [{ title: "x".repeat(201) }],
    [{ title: "a\0b" }],
    [{ title: "a\nb" }],
    [{ title: 1 }],
    [{ title: "\uD83D" }],
    [{ title: "x", extra: 1 }],
    [{ title: "x", pinned: 1 }],
    [{ title: "x", pinned: null }],
    [{ title: "x", systemPrompt: "x".repeat(20_001) }],
    [{ title: "x", systemPrompt: "a\0b" }],
    [{ title: "x", systemPrompt: "\uD83D" }],
    [{ title: null }],
    [{}],
    [[]],
    [null],
  ])("are not renamed by %j", async (body) => {
    const { id } = (await (await chat.send("POST", "/api/conversations", { title: "kept" })).json()) as { id: string };
    const refused = await chat.send("PATCH", `/api/conversations/${id}`, body);
    expect(await problemOf(refused)).toMatchObject({ status: 400, code: "bad-request" });
    expect((await chat.read(id)).title).toBe("kept");
  });
});

test("settings are read and changed, each owner's own; what they cannot be is refused", async () => {
  const owner = { "x-owner": "dora" };
  const read = async (headers: Record<string, string>): Promise<unknown> =>
    readAs(settingsSchema, await chat.fetch("/api/settings", { headers }));
  expect(await read(owner)).toEqual({ systemPrompt: "" });
  const systemPrompt = "诗".repeat(20_000);
  const changed = await chat.send("PATCH", "/api/settings", { systemPrompt }, owner);
  expect(await readAs(settingsSchema, changed)).toEqual({ systemPrompt });
  expect(await read(owner)).toEqual({ systemPrompt });
  expect(await read({ "x-owner": "mallory" })).toEqual({ systemPrompt: "" });
  for (const body of [{}, { systemPrompt: null }, { systemPrompt: "a\u0007" }, { systemPrompt, extra: 1 }, []]) {
    expect(await problemOf(await chat.send("PATCH", "/api/settings", body, owner))).toMatchObject({ status: 400 });
  }
  expect(await read(owner)).toEqual({ systemPrompt });
});

test("generations, models and health have their shapes", async () => {
  const answer = await chat.ask("shapes");
  checkWhole(answer.blocks);
  const generation = await readAs(generationSchema, await chat.fetch(`/api/generations/${answer.generationId}`));
  expect(generation).toMatchObject({
    id: answer.generationId,
    conversationId: answer.conversationId,
    model: "fake/one",
    state: "completed",
    finishReason: "stop",
    usage: { inputTokens: 3, outputTokens: 5 },
    finishedAt: expect.any(String) as string,
  });
  const stop = await chat.fetch(`/api/generations/${answer.generationId}/stop`, { method: "POST" });
  expect([stop.status, await readAs(generationSchema, stop)]).toEqual([202, generation]);
  const models = await readAs(modelsSchema, await chat.fetch("/api/models"));
  expect(models.default).toBe("fake/one");
  expect(models.models.map(({ id }) => id)).toEqual(["fake/one", "fake/two"]);
  expect(await (await chat.fetch("/livez")).json()).toEqual({ status: "live" });
  expect(await (await chat.fetch("/readyz")).json()).toEqual({ status: "ready" });
});

describe("what is another owner's", () => {
  test("is not found, by any route and in any state", async () => {
    const ended = await chat.ask("alice's own");
    const running = await chat.open("/api/chat", { body: { message: "endless" } });
    await running.until(() => textOf(running.blocks) === "and so on");
    const before = [await chat.read(ended.conversationId), await chat.read(running.conversationId)];
    const mallory = { "x-owner": "mallory" };
    const asked = chat.provider.requests.length;
    for (const answer of [ended, running]) {
      const generation = `/api/generations/${answer.generationId}`;
      const conversation = `/api/conversations/${answer.conversationId}`;
      const lastEventId = answer.blocks[0]?.id ?? "";
      const byId = { ...mallory, "Last-Event-ID": lastEventId };
      const { conversationId } = answer;
      const sdkBody = { id: conversationId, messages: [{ role: "user", parts: [{ type: "text", text: "mine?" }] }] };
      const responses: [string, Response | Promise<Response>, number][] = [
        ["GET conversation", chat.fetch(conversation, { headers: mallory }), 404],
        ["PATCH conversation", chat.send("PATCH", conversation, { title: "taken" }, mallory), 404],
        ["DELETE conversation", chat.fetch(conversation, { method: "DELETE", headers: mallory }), 404],
        ["POST restore", chat.send("POST", `${conversation}/restore`, {}, mallory), 404],
        ["GET generation", chat.fetch(generation, { headers: mallory }), 404],
        ["GET events", chat.fetch(`${generation}/events`, { headers: mallory }), 404],
        ["GET events by ID", chat.fetch(`${generation}/events`, { headers: byId }), 404],
        ["POST stop", chat.send("POST", `${generation}/stop`, {}, mallory), 404],
        ["GET stream by ID", chat.fetch(`/api/chat/${conversationId}/stream`, { headers: byId }), 404],
        ["POST chat", chat.send("POST", "/api/chat", { message: "x", conversationId }, mallory), 404],
        ["POST chat of the AI SDK", chat.send("POST", "/api/chat", sdkBody, mallory), 404],
        [
          "POST regenerate",
          chat.send("POST", "/api/chat", { trigger: "regenerate-message", conversationId }, mallory),
          404,
        ],
        [
          "POST continue",
          chat.send("POST", "/api/chat", { trigger: "continue-message", conversationId }, mallory),
          404,
        ],
        ["POST chat by ID", chat.send("POST", "/api/chat", { message: "alice's own" }, byId), 409],
        // As of a conversation that is not there: nothing tells that it is.
        ["GET stream", chat.fetch(`/api/chat/${conversationId}/stream`, { headers: mallory }), 204],
      ];
      for (const [name, response, status] of responses) expect([name, (await response).status]).toEqual([name, status]);
    }
    expect((await (await chat.fetch("/api/conversations", { headers: mallory })).json()) as unknown).toEqual({
      conversations: [],
      nextCursor: null,
    });
    expect([await chat.read(ended.conversationId), await chat.read(running.conversationId)]).toEqual(before);
    expect(chat.provider.requests).toHaveLength(asked);
    expect(chat.provider.speaking).toBe(1);
    await chat.send("POST", `/api/generations/${running.generationId}/stop`, {});
    await running.rest();
  });

  test("message is not answered again or gone on with from one's own conversation", async () => {
    const ended = await chat.ask("alice's message");
    const messageId = (await chat.read(ended.conversationId)).messages[1]?.id ?? "";
    const mine = await chat.open("/api/chat", { body: { message: "mine" }, headers: { "x-owner": "mallory" } });
    await mine.rest();
    await chat.generations.settled(mine.generationId);
    for (const trigger of ["regenerate-message", "continue-message"]) {
      const body = { trigger, conversationId: mine.conversationId, messageId };
      expect((await chat.send("POST", "/api/chat", body, { "x-owner": "mallory" })).status).toBe(404);
    }
  });
});

describe("a bad request", () => {
  const post = (body: string, type = "application/json"): Promise<Response> =>
    chat.fetch("/api/chat", { method: "POST", headers: { "Content-Type": type }, body });

  test.each([
    ["nothing", "", 400, "body-not-json"],
    ["half an object", '{"message":', 400, "body-not-json"],
    ["text", "hello", 400, "body-not-json"],
    ["bytes that are not UTF-8", "\u00ff", 400, "bad-request"],
    ["null", "null", 400, "bad-request"],
    ["an array", "[]", 400, "bad-request"],
    ["a string", '"x"', 400, "bad-request"],
    ["an empty object", "{}", 400, "bad-request"],
    ["a number as the message", '{"message":1}', 400, "bad-request"],
    ["an empty message", '{"message":""}', 400, "bad-request"],
    ["white space", '{"message":" \\n\\t\\u00a0"}', 400, "bad-request"],
    ["half a character", '{"message":"\\ud83d"}', 400, "bad-request"],
    ["a message too long", JSON.stringify({ message: "x".repeat(100_001) }), 400, "bad-request"],
    ["a key too many", '{"message":"x","extra":1}', 400, "bad-request"],
    ["a prototype", '{"message":"x","__proto__":{"model":"fake/one"}}', 400, "bad-request"],
    ["an unknown trigger", '{"message":"x","trigger":"delete"}', 400, "bad-request"],
    ["a message to regenerate", '{"message":"x","trigger":"regenerate-message"}', 400, "bad-request"],
    ["nothing to regenerate in", '{"trigger":"regenerate-message"}', 400, "bad-request"],
    ["a message ID to submit", '{"message":"x","messageId":"abc"}', 400, "bad-request"],
    ["a malformed conversation", '{"message":"x","conversationId":"../x"}', 400, "bad-request"],
    ["an unknown conversation", '{"message":"x","conversationId":"unknown"}', 404, "not-found"],
    ["an unknown provider", '{"message":"x","model":"nobody/one"}', 400, "unknown-model"],
    ["a model without a provider", '{"message":"x","model":"one"}', 400, "unknown-model"],
    ["a model with NUL", '{"message":"x","model":"fake/\\u0000"}', 400, "bad-request"],
  ])("of %s is refused with a code, and asks nothing", async (name, body, status, code) => {
    const asked = chat.provider.requests.length;
    const response = name.includes("UTF-8")
      ? await chat.fetch("/api/chat", {
          method: "POST",
          headers: { "Content-Type": "application/json" },
          body: new Uint8Array([0x7b, 0x22, 0xff, 0x22, 0x7d]),
        })
      : await post(body);
    expect(await problemOf(response)).toMatchObject(
      name.includes("UTF-8") ? { status: 400, code: "body-not-json" } : { status, code },
    );
    expect(chat.provider.requests).toHaveLength(asked);
  });

  test.each(["text/plain", "application/x-www-form-urlencoded", "multipart/form-data", "application/jsonp", ""])(
    "of the type %j is refused",
    async (type) => {
      expect(await problemOf(await post('{"message":"x"}', type))).toMatchObject({
        status: 415,
        code: "unsupported-media-type",
      });
    },
  );

  test("of JSON in any spelling of its type is taken", async () => {
    const response = await post('{"message":"spelt"}', "Application/JSON; Charset=UTF-8");
    expect(response.status).toBe(200);
    await response.text();
  });

  test.each([
    ["named length", {}],
    ["no named length", { "Transfer-Encoding": "chunked" }],
  ])("of two megabytes with %s is refused, and the server goes on", async (_name, headers) => {
    const { promise, resolve, reject } = Promise.withResolvers<{ status: number; body: string }>();
    const body = JSON.stringify({ message: "x".repeat(2_000_000) });
    const request = httpRequest(
      `${chat.url}/api/chat`,
      {
        method: "POST",
        headers: {
          "Content-Type": "application/json",
          ...("Transfer-Encoding" in headers ? headers : { "Content-Length": body.length }),
        },
      },
      (response) => {
        let text = "";
        response.setEncoding("utf8").on("data", (piece: string) => (text += piece));
        response.on("end", () => resolve({ status: response.statusCode ?? 0, body: text }));
      },
    );
    request.on("error", reject);
    for (let at = 0; at < body.length; at += 65_536) request.write(body.slice(at, at + 65_536));
    request.end();
    const answer = await promise;
    expect(answer.status).toBe(413);
    expect(JSON.parse(answer.body)).toMatchObject({ code: "body-too-large" });
    checkWhole((await chat.ask("after the flood")).blocks);
  });

  test("that breaks off in its body does no harm", async () => {
    const request = httpRequest(`${chat.url}/api/chat`, {
      method: "POST",
      headers: { "Content-Type": "application/json", "Content-Length": 1000 },
    });
    request.on("error", () => undefined);
    request.write('{"message":');
    await new Promise((resolve) => setTimeout(resolve, 20));
    request.destroy();
    expect(textOf((await chat.ask("after the break")).blocks)).toBe(echoOf("after the break"));
    expect(chat.reports).toEqual([]);
  });

  test.each([
    ["GET", "/api/models", undefined],
    ["GET", "/v1/models", undefined],
    ["POST", "/v1/chat/completions", { model: "one", messages: [{ role: "user", content: "hi" }] }],
  ])("by %s of %s whose client leaves while models are listed is nobody's failure", async (method, path, body) => {
    const provider = createFakeProvider();
    const asked = Promise.withResolvers<void>();
    const listed = Promise.withResolvers<Model[]>();
    provider.listModels = () => {
      asked.resolve();
      return listed.promise;
    };
    await using slow = await openChatServer({ provider });
    const leave = new AbortController();
    const init = { method, signal: leave.signal, headers: { "Content-Type": "application/json" } };
    const answer = fetch(slow.url + path, body === undefined ? init : { ...init, body: JSON.stringify(body) });
    await asked.promise;
    leave.abort();
    await expect(answer).rejects.toThrow();
    await vi.waitFor(() => expect(slow.unanswered).toBe(0));
    listed.resolve([]);
    expect(slow.reports).toEqual([]);
  });

  test.each([
    ["PUT", "/api/chat", "POST, GET"],
    ["HEAD", "/api/chat", "POST, GET"],
    ["DELETE", "/api/chat", "POST, GET"],
    ["POST", "/api/chat/some-conversation/stream", "GET"],
    ["HEAD", "/api/chat/some-conversation/stream", "GET"],
    ["PUT", "/api/conversations", "GET, POST"],
    ["HEAD", "/api/conversations", "GET, POST"],
    ["POST", "/api/conversations/abc", "GET, PATCH, DELETE"],
    ["PUT", "/api/generations/abc", "GET"],
    ["HEAD", "/api/generations/abc/events", "GET"],
    ["HEAD", "/api/unknown", ""],
    ["GET", "/api/generations/abc/stop", "POST"],
    ["POST", "/api/models", "GET"],
    ["POST", "/livez", "GET"],
  ])("by %s of %s is told the methods there are", async (method, path, allow) => {
    const response = await chat.fetch(path, { method });
    expect([response.status, response.headers.get("Allow")]).toEqual([405, allow]);
    if (method !== "HEAD") expect(await problemOf(response)).toMatchObject({ code: "method-not-allowed" });
  });

  test.each([
    "/api/",
    "/api/unknown",
    "/api/conversations/",
    "/api/conversations/a%00b",
    "/api/conversations/a%2Fb",
    "/api/conversations/%E0%A4%A",
    `/api/conversations/${"x".repeat(65)}`,
    "/api/generations/unknown",
    "/api/generations/unknown/events",
    "/api/generations/unknown/more",
    "/api/chat/a%00b/stream",
  ])("of %s is not found", async (path) => {
    expect(await problemOf(await chat.fetch(path))).toMatchObject({ status: 404, code: "not-found" });
  });
});
