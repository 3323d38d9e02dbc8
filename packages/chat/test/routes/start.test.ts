/** Asking: `POST /api/chat` and `GET /api/chat`, once or again. */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { checkWhole, chunksOf, endOf, textOf, typesOf } from "./blocks.ts";
import { type ChatServer, openChatServer } from "./chat-server.ts";
import { createFakeProvider, echoOf, finish, say, silence, think } from "./fake-provider.ts";

let chat: ChatServer;
beforeAll(async () => {
  chat = await openChatServer({ provider: createFakeProvider({ continuations: ["prefill"] }) });
});
afterAll(() => chat[Symbol.asyncDispose]());

const asked = (question: string): number =>
  chat.provider.requests.filter(({ messages }) => messages.at(-1)?.text === question).length;
const codeOf = async (response: Response): Promise<string> => ((await response.json()) as { code: string }).code;
const query = (values: Record<string, string>): string => `/api/chat?${new URLSearchParams(values).toString()}`;

describe("a question", () => {
  test("is answered with its whole stream, as the protocol writes it", async () => {
    chat.provider.script("everything", async function* () {
      yield think("Let me ");
      yield think("see.");
      yield say("Hel");
      yield { type: "source", sourceId: "s1", url: "/docs/en/models.md", title: "Models" };
      yield say("lo\n\ndata: x\n👩‍🚀");
      yield finish;
    });
    const answer = await chat.ask("everything");
    expect(answer.status).toBe(200);
    expect(answer.ended()).toBe("whole");
    expect(Object.fromEntries(answer.response.headers)).toMatchObject({
      "content-type": "text/event-stream; charset=utf-8",
      "cache-control": "no-cache, no-store, no-transform",
      "x-accel-buffering": "no",
      "x-vercel-ai-ui-message-stream": "v1",
      "content-location": `/api/generations/${answer.generationId}/events`,
    });
    expect(answer.raw()).toMatch(/^retry: 1000\n(: {2000,2100}\n)?data: \{"type":"start",/);
    checkWhole(answer.blocks);
    expect(chunksOf(answer.blocks)[0]).toMatchObject({
      messageMetadata: {
        conversationId: answer.conversationId,
        generationId: answer.generationId,
        model: "fake/one",
      },
    });
    expect(textOf(answer.blocks)).toBe("Hello\n\ndata: x\n👩‍🚀");
    expect(textOf(answer.blocks, "reasoning-delta")).toBe("Let me see.");
    expect(endOf(answer.blocks)).toEqual({
      state: "completed",
      finishReason: "stop",
      usage: { inputTokens: 3, outputTokens: 5 },
    });
    const ids = answer.blocks.map(({ id }) => id);
    expect(ids).toEqual([...ids].toSorted((a, b) => Number(a.split(".")[1]) - Number(b.split(".")[1])));
    const { messages } = await chat.read(answer.conversationId);
    expect(messages[1]?.parts).toEqual([
      { type: "reasoning", text: "Let me see." },
      { type: "text", text: "Hello\n\ndata: x\n👩‍🚀" },
      { type: "source-url", sourceId: "s1", url: "/docs/en/models.md", title: "Models" },
    ]);
  });

  test("in a conversation is asked with its history, and with the conversation's last model", async () => {
    const first = await chat.ask({ message: "one", model: "fake/two" });
    const second = await chat.ask({ message: "and then", conversationId: first.conversationId });
    expect(second.conversationId).toBe(first.conversationId);
    expect(chat.provider.requests.at(-1)).toMatchObject({
      model: "two",
      messages: [
        { role: "user", text: "one" },
        { role: "assistant", text: echoOf("one") },
        { role: "user", text: "and then" },
      ],
    });
  });

  test("can be asked by GET as a native EventSource does", async () => {
    const answer = await chat.open(query({ message: "by get", key: "get-1" }));
    checkWhole(await answer.rest());
    expect(textOf(answer.blocks)).toBe(echoOf("by get"));
  });

  test.each([
    ["emoji", "👩‍👩‍👧‍👦🏴󠁧󠁢"],
    ["right to left", "שלום \u202Eعليكم"],
    ["NUL", "a\0b"],
    ["markup and event fields", "<script>\nid: 1\n\ndata: [DONE]\n\n"],
    ["the longest message", "字".repeat(100_000)],
  ])("of %s is kept and answered as it is", async (_name, message) => {
    const answer = await chat.ask(message);
    checkWhole(answer.blocks);
    expect(textOf(answer.blocks)).toBe(echoOf(message));
    const conversation = await chat.read(answer.conversationId);
    expect(conversation.messages.map(({ parts }) => parts)).toEqual([
      [{ type: "text", text: message }],
      [{ type: "text", text: echoOf(message) }],
    ]);
    expect(conversation.title).not.toMatch(/\p{Cc}/u);
  });

  test("that names its model does not wait for a list of models", async () => {
    const provider = createFakeProvider();
    provider.listModels = (signal) => silence(signal);
    await using slow = await openChatServer({ provider });
    const answer = await slow.ask({ message: "quick", model: "fake/one" });
    checkWhole(answer.blocks);
  });
});

const toSdkBody = (id: string, text: string, messageId = `m-${text}`): Record<string, unknown> => ({
  id,
  messages: [
    { id: "ignored", role: "system", parts: "whatever" },
    {
      id: messageId,
      role: "user",
      parts: [
        { type: "text", text },
        { type: "file", url: "x" },
      ],
      metadata: {},
    },
  ],
  trigger: "submit-message",
  messageId: undefined,
  unknown: true,
});

describe("the AI SDK's body", () => {
  test("makes the conversation that it names, and goes on in it", async () => {
    const first = await chat.ask(toSdkBody("sdk-chat_1", "hello"));
    expect(first.conversationId).toBe("sdk-chat_1");
    checkWhole(first.blocks);
    const second = await chat.ask(toSdkBody("sdk-chat_1", "more"));
    expect(second.conversationId).toBe("sdk-chat_1");
    expect(chat.provider.requests.at(-1)?.messages.map(({ text }) => text)).toEqual(["hello", echoOf("hello"), "more"]);
  });

  test("asks once for one message ID, and again to regenerate", async () => {
    const first = await chat.ask(toSdkBody("sdk-chat-2", "once"));
    const again = await chat.ask(toSdkBody("sdk-chat-2", "once"));
    expect(again.generationId).toBe(first.generationId);
    expect(textOf(again.blocks)).toBe(echoOf("once"));
    expect(asked("once")).toBe(1);
    const anew = await chat.ask({ ...toSdkBody("sdk-chat-2", "once"), trigger: "regenerate-message" });
    expect(anew.generationId).not.toBe(first.generationId);
    expect(asked("once")).toBe(2);
    expect((await chat.read("sdk-chat-2")).messages).toHaveLength(2);
  });

  test("keeps message IDs apart by conversation, and joins text parts by newlines", async () => {
    const joined = {
      id: "sdk-chat-3",
      messages: [
        {
          id: "m-once",
          role: "user",
          parts: [
            { type: "text", text: "a" },
            { type: "text", text: "b" },
          ],
        },
      ],
    };
    const answer = await chat.ask(joined);
    expect(textOf(answer.blocks)).toBe(echoOf("a\nb"));
  });

  describe("that sends a message again under its ID", () => {
    const edit = (id: string, text: string, messageId: string): Record<string, unknown> => ({
      ...toSdkBody(id, text, messageId),
      messageId,
    });
    const textsOf = async (id: string): Promise<string[]> =>
      (await chat.read(id)).messages.flatMap(({ parts }) => parts.map((part) => ("text" in part ? part.text : "")));

    test("puts the new text beside the old one, and goes on from there", async () => {
      await chat.ask(toSdkBody("sdk-edit-1", "first"));
      await chat.ask(toSdkBody("sdk-edit-1", "old", "m2"));
      await chat.ask(toSdkBody("sdk-edit-1", "after old"));
      const edited = await chat.ask(edit("sdk-edit-1", "new", "m2"));
      expect(textOf(edited.blocks)).toBe(echoOf("new"));
      expect(chat.provider.requests.at(-1)?.messages.map(({ text }) => text)).toEqual([
        "first",
        echoOf("first"),
        "new",
      ]);
      await chat.ask(toSdkBody("sdk-edit-1", "after new"));
      expect(await textsOf("sdk-edit-1")).toEqual(
        ["first", "new", "after new"].flatMap((text) => [text, echoOf(text)]),
      );
    });

    test("edits an edited message, and back to its first text", async () => {
      await chat.ask(toSdkBody("sdk-edit-2", "text a", "m1"));
      for (const text of ["text b", "text a", "text b"]) {
        const { blocks } = await chat.ask(edit("sdk-edit-2", text, "m1"));
        expect(textOf(blocks)).toBe(echoOf(text));
        expect(await textsOf("sdk-edit-2")).toEqual([text, echoOf(text)]);
      }
    });

    test("knows a message by the server's own ID of it", async () => {
      await chat.ask(toSdkBody("sdk-edit-3", "stored"));
      const [message] = (await chat.read("sdk-edit-3")).messages;
      await chat.ask(edit("sdk-edit-3", "restated", message?.id ?? ""));
      expect(await textsOf("sdk-edit-3")).toEqual(["restated", echoOf("restated")]);
    });

    test("asks nothing where neither text nor anything after it changed", async () => {
      const { generationId } = await chat.ask(toSdkBody("sdk-edit-4", "the same", "m1"));
      expect((await chat.ask(edit("sdk-edit-4", "the same", "m1"))).generationId).toBe(generationId);
      const edited = await chat.ask(edit("sdk-edit-4", "another", "m1"));
      expect((await chat.ask(edit("sdk-edit-4", "another", "m1"))).generationId).toBe(edited.generationId);
      expect([asked("the same"), asked("another")]).toEqual([1, 1]);
    });

    test("takes one that it never had for a new one, once", async () => {
      const { generationId } = await chat.ask(edit("sdk-edit-5", "unheard", "m1"));
      expect((await chat.ask(toSdkBody("sdk-edit-5", "unheard", "m1"))).generationId).toBe(generationId);
      expect(await textsOf("sdk-edit-5")).toEqual(["unheard", echoOf("unheard")]);
    });

    test("without saying so is still refused with another text", async () => {
      await chat.ask(toSdkBody("sdk-edit-6", "said", "m1"));
      const response = await chat.send("POST", "/api/chat", toSdkBody("sdk-edit-6", "other", "m1"));
      expect([response.status, await codeOf(response)]).toEqual([422, "key-reused"]);
    });
  });

  test.each([
    ["without messages", { id: "sdk-x", messages: [] }],
    ["of an assistant", { id: "sdk-x", messages: [{ role: "assistant", parts: [{ type: "text", text: "x" }] }] }],
    ["without text", { id: "sdk-x", messages: [{ role: "user", parts: [{ type: "file", url: "x" }] }] }],
    ["with text of another type", { id: "sdk-x", messages: [{ role: "user", parts: [{ type: "text", text: 1 }] }] }],
    [
      "with an ID of other characters",
      { id: "a/b", messages: [{ role: "user", parts: [{ type: "text", text: "x" }] }] },
    ],
    ["without an ID", { messages: [{ role: "user", parts: [{ type: "text", text: "x" }] }] }],
    ["with NUL in the message's ID", toSdkBody("sdk-x", "x", "a\0b")],
    ["with half a character in the message's ID", toSdkBody("sdk-x", "x", "a\uD83D")],
  ])("%s is refused", async (_name, bad) => {
    const response = await chat.send("POST", "/api/chat", bad);
    expect([response.status, await codeOf(response)]).toEqual([400, "bad-request"]);
  });
});

describe("a repeated request", () => {
  test("with the same key follows the first, however many come at the same time", async () => {
    const headers = { "Idempotency-Key": "same" };
    const answers = await Promise.all(
      Array.from({ length: 6 }, () => chat.open("/api/chat", { body: { message: "many" }, headers })),
    );
    for (const answer of answers) {
      checkWhole(await answer.rest());
      expect(textOf(answer.blocks)).toBe(echoOf("many"));
    }
    expect(new Set(answers.map(({ generationId }) => generationId)).size).toBe(1);
    expect(asked("many")).toBe(1);
    const byGet = await chat.open(query({ message: "many", key: "same" }));
    expect(byGet.generationId).toBe(answers[0]?.generationId);
  });

  test("with the same key and another body is refused, and nothing is started", async () => {
    await chat.ask("first of key", { "Idempotency-Key": "reused" });
    for (const body of [{ message: "other" }, { message: "first of key", model: "fake/two" }]) {
      const response = await chat.send("POST", "/api/chat", body, { "Idempotency-Key": "reused" });
      expect([response.status, await codeOf(response)]).toEqual([422, "key-reused"]);
    }
    expect(asked("other")).toBe(0);
  });

  test("with the same key of another owner is another request", async () => {
    await chat.ask("of alice", { "Idempotency-Key": "mine" });
    const other = await chat.open("/api/chat", {
      body: { message: "of bob" },
      headers: { "Idempotency-Key": "mine", "x-owner": "bob" },
    });
    expect(textOf(await other.rest())).toBe(echoOf("of bob"));
  });

  test.each([["a b"], ["ü"], ["x".repeat(129)]])("with the key %j is refused", async (key) => {
    const response = await chat.fetch(query({ message: "x", key }), { headers: { Accept: "text/event-stream" } });
    expect([response.status, await codeOf(response)]).toEqual([400, "bad-request"]);
  });
});

describe("an answer that is running", () => {
  test("keeps its conversation busy, and only that one", async () => {
    chat.provider.script("hold", async function* ({ signal }) {
      yield say("held");
      await silence(signal);
    });
    const held = await chat.open("/api/chat", { body: { message: "hold" } });
    await held.until((block) => block.event === "chunk" && block.chunk.type === "text-delta");
    const { conversationId, generationId } = held;
    for (const body of [
      { message: "too early", conversationId },
      { trigger: "regenerate-message", conversationId },
      { trigger: "continue-message", conversationId },
    ]) {
      const response = await chat.send("POST", "/api/chat", body);
      expect(response.status).toBe(409);
      expect(await response.json()).toMatchObject({ code: "conversation-busy", generationId });
    }
    checkWhole((await chat.ask("elsewhere")).blocks);
    await chat.send("POST", `/api/generations/${generationId}/stop`, {});
    await held.rest();
    await chat.generations.settled(generationId);
    checkWhole((await chat.ask({ message: "now", conversationId })).blocks);
  });
});

describe("again and on", () => {
  test("regenerates beside the old answer", async () => {
    const first = await chat.ask("again?");
    const { conversationId } = first;
    const before = await chat.read(conversationId);
    const second = await chat.ask({ trigger: "regenerate-message", conversationId });
    expect(chat.provider.requests.at(-1)?.messages).toEqual([{ role: "user", text: "again?" }]);
    const after = await chat.read(conversationId);
    expect(after.messages[0]).toEqual(before.messages[0]);
    expect(after.messages[1]?.id).not.toBe(before.messages[1]?.id);
    expect(after.messages[1]?.metadata?.generationId).toBe(second.generationId);
    const old = await chat.ask({ trigger: "regenerate-message", conversationId, messageId: before.messages[1]?.id });
    checkWhole(old.blocks);
  });

  test("that kept a long text begins with it, in deltas that fit a chunk", async () => {
    const long = "漢字 and words, ".repeat(4000);
    chat.provider.script("long kept", async function* ({ continuation }) {
      if (continuation) yield say("the end.");
      else yield say(long);
      if (continuation) yield finish;
    });
    const cut = await chat.ask("long kept");
    expect(endOf(cut.blocks).state).toBe("failed");
    const whole = await chat.ask({ trigger: "continue-message", conversationId: cut.conversationId });
    checkWhole(whole.blocks);
    expect(textOf(whole.blocks)).toBe(`${long}the end.`);
    for (const chunk of chunksOf(whole.blocks))
      expect(Buffer.byteLength(JSON.stringify(chunk))).toBeLessThanOrEqual(32_768);
  });

  test("goes on with the text of a stopped answer, as one part that begins with it", async () => {
    chat.provider.script("cut off", async function* ({ continuation, signal }) {
      if (continuation) {
        yield say(" and the end.");
        yield finish;
        return;
      }
      yield say("The beginning");
      await silence(signal);
    });
    const cut = await chat.open("/api/chat", { body: { message: "cut off" } });
    await cut.until((block) => block.event === "chunk" && block.chunk.type === "text-delta");
    await chat.send("POST", `/api/generations/${cut.generationId}/stop`, {});
    await cut.rest();
    await chat.generations.settled(cut.generationId);
    const { conversationId } = cut;
    const whole = await chat.ask({ trigger: "continue-message", conversationId });
    checkWhole(whole.blocks);
    expect(textOf(whole.blocks)).toBe("The beginning and the end.");
    expect(typesOf(whole.blocks).filter((type) => type === "text-start")).toHaveLength(1);
    expect(chat.provider.requests.at(-1)?.continuation).toEqual({ rung: "prefill", keptText: "The beginning" });
    const { messages } = await chat.read(conversationId);
    expect(messages).toHaveLength(2);
    expect(messages[1]?.parts).toEqual([{ type: "text", text: "The beginning and the end." }]);
    const done = await chat.send("POST", "/api/chat", { trigger: "continue-message", conversationId });
    expect([done.status, await codeOf(done)]).toEqual([409, "nothing-to-continue"]);
  });

  test("has nothing to answer in an empty conversation", async () => {
    const { id } = (await (await chat.send("POST", "/api/conversations", {})).json()) as { id: string };
    for (const [trigger, code] of [
      ["regenerate-message", "nothing-to-answer"],
      ["continue-message", "nothing-to-continue"],
    ]) {
      const response = await chat.send("POST", "/api/chat", { trigger, conversationId: id });
      expect([response.status, await codeOf(response)]).toEqual([409, code]);
    }
  });
});

describe("a GET that would start", () => {
  test.each([
    [{ Accept: "text/html" }, 406, "not-acceptable"],
    [{ Accept: "*/*" }, 406, "not-acceptable"],
    [{ Accept: "text/event-stream", "Sec-Fetch-Site": "cross-site" }, 403, "forbidden-origin"],
  ])("with %j starts nothing", async (headers, status, code) => {
    const response = await chat.fetch(query({ message: "by accident" }), { headers });
    expect([response.status, await codeOf(response)]).toEqual([status, code]);
    expect(asked("by accident")).toBe(0);
  });

  test("by HEAD starts nothing", async () => {
    const response = await chat.fetch(query({ message: "by head" }), {
      method: "HEAD",
      headers: { Accept: "text/event-stream" },
    });
    expect([response.status, response.headers.get("Allow")]).toEqual([405, "POST, GET"]);
    expect(asked("by head")).toBe(0);
  });
});

test("while the server drains, starts nothing and says when to come back", async () => {
  chat.setDraining(true);
  const response = await chat.send("POST", "/api/chat", { message: "late" });
  const ready = await chat.fetch("/readyz");
  chat.setDraining(false);
  expect([response.status, await codeOf(response), response.headers.get("Retry-After")]).toEqual([
    503,
    "draining",
    "1",
  ]);
  expect([ready.status, await codeOf(ready)]).toEqual([503, "draining"]);
  expect(asked("late")).toBe(0);
});

test("while the server drains, cuts an EventSource off, which would give up after a refusal, and starts nothing", async () => {
  chat.setDraining(true);
  const address = query({ message: "late by GET", key: "late" });
  const headers = { Accept: "text/event-stream" };
  const response = await chat.fetch(address, { headers });
  expect([response.status, response.headers.get("Content-Type")]).toEqual([200, "text/event-stream; charset=utf-8"]);
  const reader = response.body?.getReader();
  const first = await reader?.read();
  expect(Buffer.from(first?.value ?? "").toString()).toMatch(/^retry: \d+\n:/);
  await expect(reader?.read()).rejects.toThrow();
  chat.setDraining(false);
  expect(asked("late by GET")).toBe(0);
  const again = await chat.fetch(address, { headers });
  expect(await again.text()).toContain("[DONE]");
  expect(asked("late by GET")).toBe(1);
});
