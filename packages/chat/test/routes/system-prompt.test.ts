/** What a model is told before a conversation's messages: the conversation's own system prompt, else its owner's default. */
import { afterAll, beforeAll, expect, test } from "vitest";
import type { ProviderMessage } from "../../src/provider/provider.ts";
import { createGenerations } from "../../src/generation/generations.ts";
import { createProviderRegistry } from "../../src/provider/registry.ts";
import { textOf } from "./blocks.ts";
import { type ChatServer, openChatServer } from "./chat-server.ts";
import { createFakeProvider, finish, say, silence } from "./fake-provider.ts";

let chat: ChatServer;
beforeAll(async () => {
  chat = await openChatServer({ provider: createFakeProvider({ continuations: ["prefill"] }) });
});
afterAll(() => chat[Symbol.asyncDispose]());

let owners = 0;
const newOwner = (): { "x-owner": string } => ({ "x-owner": `owner-${++owners}` });
const lastAsked = (): ProviderMessage[] => chat.provider.requests.at(-1)?.messages ?? [];
const systemOf = (messages: ProviderMessage[]): string[] =>
  messages.filter(({ role }) => role === "system").map(({ text }) => text);

async function setDefault(owner: { "x-owner": string }, systemPrompt: string): Promise<void> {
  expect((await chat.send("PATCH", "/api/settings", { systemPrompt }, owner)).status).toBe(200);
}

async function setOwn(owner: { "x-owner": string }, id: string, systemPrompt: string | null): Promise<void> {
  expect((await chat.send("PATCH", `/api/conversations/${id}`, { systemPrompt }, owner)).status).toBe(200);
}

test("nothing as long as nobody says anything", async () => {
  await chat.ask({ message: "hello" }, newOwner());
  expect(lastAsked()).toEqual([{ role: "user", text: "hello" }]);
});

test("the default of the time of the question, first of all messages, and no other owner's", async () => {
  const [owner, other] = [newOwner(), newOwner()];
  await setDefault(owner, "Answer in verse.\n诗");
  const { conversationId } = await chat.ask({ message: "one" }, owner);
  expect(lastAsked()).toEqual([
    { role: "system", text: "Answer in verse.\n诗" },
    { role: "user", text: "one" },
  ]);
  await setDefault(owner, "Answer in prose.");
  await chat.ask({ message: "two", conversationId }, owner);
  expect(lastAsked().map(({ role }) => role)).toEqual(["system", "user", "assistant", "user"]);
  expect(systemOf(lastAsked())).toEqual(["Answer in prose."]);
  await chat.ask({ message: "three" }, other);
  expect(systemOf(lastAsked())).toEqual([]);
});

test("the conversation's own before the default, with every trigger; an empty one says that there is none", async () => {
  const owner = newOwner();
  await setDefault(owner, "default");
  const { conversationId } = await chat.ask({ message: "one" }, owner);
  await setOwn(owner, conversationId, "own");
  await chat.ask({ trigger: "regenerate-message", conversationId }, owner);
  expect(lastAsked()).toEqual([
    { role: "system", text: "own" },
    { role: "user", text: "one" },
  ]);
  await setOwn(owner, conversationId, "");
  await chat.ask({ message: "two", conversationId }, owner);
  expect(systemOf(lastAsked())).toEqual([]);
  await setOwn(owner, conversationId, " \n");
  await chat.ask({ message: "three", conversationId }, owner);
  expect(systemOf(lastAsked())).toEqual([]);
  await setOwn(owner, conversationId, null);
  await chat.ask({ message: "four", conversationId }, owner);
  expect(systemOf(lastAsked())).toEqual(["default"]);
});

test("nothing of it to a request of the OpenAI-compatible API, which brings its own", async () => {
  const owner = newOwner();
  await setDefault(owner, "default");
  const messages = [
    { role: "system", content: "theirs" },
    { role: "user", content: "hi" },
  ];
  expect((await chat.send("POST", "/v1/chat/completions", { messages }, owner)).status).toBe(200);
  expect(systemOf(lastAsked())).toEqual(["theirs"]);
});

test("the same again when another process goes on with the answer", async () => {
  const owner = newOwner();
  await setDefault(owner, "default");
  chat.provider.script("left", async function* ({ signal, continuation }) {
    if (continuation) {
      yield say(" and whole");
      yield finish;
      return;
    }
    yield say("half");
    await silence(signal);
  });
  const answer = await chat.open("/api/chat", { body: { message: "left" }, headers: owner });
  await answer.until(() => textOf(answer.blocks) === "half");
  await chat.generations.drain(0);
  const others = createGenerations({
    log: chat.log,
    store: chat.store.generations,
    deleted: chat.store.deleted,
    providers: createProviderRegistry({ providers: [chat.provider] }),
    limits: { firstTokenMs: 20_000, silenceMs: 20_000, totalMs: 60_000 },
    continuation: "auto",
    maxTakeovers: 3,
    logTtlSeconds: 60,
    holder: "others",
    report: (message, error) => expect.unreachable(`${message}: ${String(error)}`),
  });
  await others.sweep();
  await answer.rest();
  await others.drain(1000);
  expect(textOf(answer.blocks)).toBe("half and whole");
  expect(systemOf(lastAsked())).toEqual(["default"]);
});
