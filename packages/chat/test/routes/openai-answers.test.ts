/** What is behind a completion: an ordinary generation, seen through both protocols, taken over, expired, deleted. */
import { describe, expect, test } from "vitest";
import { createGenerations, type Generations } from "../../src/generation/generations.ts";
import type { ContinuationRung, ProviderPart } from "../../src/provider/provider.ts";
import { createProviderRegistry } from "../../src/provider/registry.ts";
import { checkWhole, textOf } from "./blocks.ts";
import { type ChatServer, openChatServer } from "./chat-server.ts";
import { createFakeProvider, finish, say, silence, think } from "./fake-provider.ts";
import { toBlocks } from "./openai-world.ts";

const path = "/v1/chat/completions";
const toBody = (question: string, more: object = {}): object => ({
  messages: [{ role: "user", content: question }],
  temperature: 0.5,
  ...more,
});
const call = (toolCallId: string, input: string): ProviderPart[] => [
  { type: "tool-input-start", toolCallId, toolName: "weather" },
  { type: "tool-input-delta", toolCallId, delta: input },
  { type: "tool-call", toolCallId, toolName: "weather", input },
];

function openChat(rung: ContinuationRung = "resume"): Promise<ChatServer> {
  const provider = createFakeProvider({ continuations: [rung] });
  provider.script("tools", async function* () {
    yield* [think("hm"), say("Let me see."), ...call("a", '{"x":1}'), ...call("b", "{oops")];
    yield { type: "finish", finishReason: "tool-calls" };
  });
  return openChatServer({ provider });
}

/** The next process. */
function openNext(chat: ChatServer): Generations {
  return createGenerations({
    log: chat.log,
    store: chat.store.generations,
    deleted: chat.store.deleted,
    providers: createProviderRegistry({ providers: [chat.provider] }),
    limits: { firstTokenMs: 20_000, silenceMs: 20_000, totalMs: 60_000 },
    continuation: "auto",
    maxTakeovers: 3,
    logTtlSeconds: 60,
    holder: "next",
    report: (message, error) => chat.reports.push(`${message}: ${String(error)}`),
  });
}

/** The completion of a question, without what is new each time. */
async function complete(
  chat: ChatServer,
  question: string,
  key = "",
): Promise<[status: number, body: unknown, id: string]> {
  const headers: Record<string, string> = key === "" ? {} : { "Idempotency-Key": key };
  const response = await chat.send("POST", path, toBody(question), headers);
  const id = response.headers.get("Typebar-Generation") ?? "";
  await chat.generations.settled(id);
  return [response.status, await response.json(), id];
}

async function stream(chat: ChatServer, question: string, key: string): Promise<string[]> {
  const response = await chat.send("POST", path, toBody(question, { stream: true }), { "Idempotency-Key": key });
  return toBlocks(await response.text()).map(({ data }) => data);
}

describe("the answer behind a completion", () => {
  test("is read at the same time in both protocols", async () => {
    await using chat = await openChat();
    const { promise: released, resolve: release } = Promise.withResolvers<void>();
    chat.provider.script("both", async function* () {
      yield say("one ");
      await released;
      for (let count = 0; count < 20; count += 1) yield say(`more ${count} `);
      yield finish;
    });
    const response = await chat.send("POST", path, toBody("both", { stream: true }));
    const own = await chat.open(response.headers.get("Content-Location") ?? "");
    const again = await chat.open(response.headers.get("Content-Location") ?? "");
    await own.until(() => textOf(own.blocks) === "one ");
    release();
    const chunks = toBlocks(await response.text()).map(({ data }) => data);
    checkWhole(await own.rest());
    expect(await again.rest()).toHaveLength(again.blocks.length);
    const texts = chunks.slice(0, -1).map((data) => {
      const { choices } = JSON.parse(data) as { choices: { delta: { content?: string } }[] };
      return choices[0]?.delta.content ?? "";
    });
    expect(texts.join("")).toBe(textOf(own.blocks));
    expect(chunks.at(-1)).toBe("[DONE]");
    expect(chat.provider.requests).toHaveLength(1);
    expect(chat.provider.requests[0]?.settings).toEqual({ temperature: 0.5 });
  });

  test("is the same after its log has expired, whole or streamed, tool calls included", async () => {
    await using chat = await openChat();
    const [, whole, id] = await complete(chat, "tools", "k");
    expect(whole).toMatchObject({
      choices: [
        {
          finish_reason: "tool_calls",
          message: {
            content: "Let me see.",
            reasoning_content: "hm",
            tool_calls: [
              { id: "a", type: "function", function: { name: "weather", arguments: '{"x":1}' } },
              { id: "b", type: "function", function: { name: "weather", arguments: "{oops" } },
            ],
          },
        },
      ],
    });
    const streamed = await stream(chat, "tools", "k");
    const own = await chat.open(`/api/generations/${id}/events`);
    checkWhole(await own.rest());
    await chat.log.expire(id, 0);
    expect(await complete(chat, "tools", "k")).toEqual([200, whole, id]);
    expect(await stream(chat, "tools", "k")).toEqual(streamed);
    expect(chat.provider.requests).toHaveLength(1);
  });

  test("that failed is the same error after its log has expired", async () => {
    await using chat = await openChat();
    chat.provider.script("fails", async function* () {
      yield say("half");
    });
    const failed = await complete(chat, "fails", "k");
    expect(failed).toMatchObject([
      502,
      { error: { code: "provider-incomplete", type: "server_error", param: null } },
      {},
    ]);
    await chat.log.expire(failed[2], 0);
    expect(await complete(chat, "fails", "k")).toEqual(failed);
    expect((await stream(chat, "fails", "k")).at(-1)).toBe(JSON.stringify(failed[1]));
    expect(chat.provider.requests).toHaveLength(1);
  });

  test("is another owner's to nobody, and can be read and deleted by who asked", async () => {
    await using chat = await openChat();
    const response = await chat.send("POST", path, toBody("tools"));
    const conversation = `/api/conversations/${response.headers.get("Typebar-Conversation")}`;
    const generation = `/api/generations/${response.headers.get("Typebar-Generation")}`;
    for (const url of [conversation, generation]) {
      expect((await chat.fetch(url, { headers: { "X-Owner": "mallory" } })).status).toBe(404);
      expect((await chat.fetch(url)).status).toBe(200);
    }
    expect((await chat.fetch(conversation, { method: "DELETE" })).status).toBe(204);
    expect((await chat.fetch(generation)).status).toBe(404);
  });

  test("that is deleted while it is waited for is not found", async () => {
    await using chat = await openChat();
    chat.provider.script("silent", async function* ({ signal }) {
      yield say("a");
      await silence(signal);
    });
    const waiting = chat.send("POST", path, toBody("silent"));
    await expect.poll(() => chat.provider.speaking).toBe(1);
    const [unfinished] = await chat.store.generations.unfinished();
    const running = await chat.store.generations.readUnfinished(unfinished?.id ?? "");
    await chat.fetch(`/api/conversations/${running?.conversation_id}`, { method: "DELETE" });
    expect([404, 200]).toContain((await waiting).status);
  });

  test("is begun no more while the server is being stopped", async () => {
    await using chat = await openChat();
    chat.setDraining(true);
    const response = await chat.send("POST", path, toBody("late"));
    expect(response.status).toBe(503);
    expect(response.headers.get("Retry-After")).toBe("1");
    expect(await response.json()).toMatchObject({ error: { code: "draining", type: "server_error" } });
  });

  test("is asked by the next process with the same settings, but never where a tool was called", async () => {
    for (const [beginning, state] of [
      [[say("kept text, ")], "completed"],
      [[say("kept text, "), ...call("a", "{}")], "interrupted"],
      [call("a", "{}").slice(0, 2), "interrupted"],
    ] as const) {
      await using chat = await openChat();
      chat.provider.script("left", async function* ({ signal, continuation }) {
        if (continuation) {
          yield say("and the rest");
          yield finish;
          return;
        }
        yield* beginning;
        await silence(signal);
      });
      const body = toBody("left", { stream: true, tools: [{ type: "function", function: { name: "weather" } }] });
      const response = await chat.send("POST", path, body);
      const id = response.headers.get("Typebar-Generation") ?? "";
      await expect.poll(async () => (await chat.log.head(id))?.seq ?? 0).toBeGreaterThanOrEqual(beginning.length + 1);
      await chat.generations.drain(0);
      const next = openNext(chat);
      await next.sweep();
      await next.settled(id);
      expect(await (await chat.fetch(`/api/generations/${id}`)).json()).toMatchObject({ state });
      const blocks = toBlocks(await response.text()).map(({ data }) => data);
      if (state === "completed") {
        expect(blocks.at(-1)).toBe("[DONE]");
        expect(chat.provider.requests[1]?.settings).toEqual(chat.provider.requests[0]?.settings);
        expect(chat.provider.requests[1]?.settings?.tools).toHaveLength(1);
      } else {
        expect(JSON.parse(blocks.at(-1) ?? "")).toMatchObject({ error: { code: "continuation-unsupported" } });
        expect(chat.provider.requests).toHaveLength(1);
      }
      checkWhole(await (await chat.open(`/api/generations/${id}/events`)).rest());
      await next.drain(0);
    }
  });

  test("has the text before a tool call, also where the text goes on and is looked at first", async () => {
    await using chat = await openChat("prompt");
    chat.provider.script("left", async function* ({ signal, continuation }) {
      if (!continuation) {
        yield say("Shall I look? Yes, ");
        await silence(signal);
      }
      yield say("Yes");
      yield* call("a", "{}");
      yield { type: "finish", finishReason: "tool-calls" };
    });
    const response = await chat.send("POST", path, toBody("left", { stream: true }));
    const id = response.headers.get("Typebar-Generation") ?? "";
    await expect.poll(async () => (await chat.log.head(id))?.seq ?? 0).toBeGreaterThanOrEqual(3);
    await chat.generations.drain(0);
    const next = openNext(chat);
    await next.sweep();
    await next.settled(id);
    const { messages } = await chat.read(response.headers.get("Typebar-Conversation") ?? "");
    expect(messages[0]?.parts.map(({ type }) => type)).toEqual(["text", "tool-weather"]);
    expect(messages[0]?.parts[0]).toMatchObject({ text: expect.stringMatching(/^Shall I look\? Yes, Yes/u) });
    await response.body?.cancel();
    await next.drain(0);
  });

  test("leaves its prompt in no database once its stream has expired", async () => {
    await using chat = await openChatServer({ generations: { logTtlSeconds: 0 } });
    const [, , id] = await complete(chat, "hello");
    await expect
      .poll(async () => {
        await chat.generations.sweep();
        return chat.store.generations.find("alice", id);
      })
      .toBeUndefined();
  });
});
