/** A chat over a real server: what its reader sees, and what two readers do to each other. */
import { openFaultyProxy, scriptedAnswer } from "@typebar/testing";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createChat, textOf } from "../src/index.ts";
import type { AssistantMessage, Chat, ChatOptions, ChatState } from "../src/index.ts";
import { openClient, openWorld } from "./world.ts";
import type { World } from "./world.ts";

let world: World;

beforeAll(async () => {
  world = await openWorld();
});
afterAll(() => world?.[Symbol.asyncDispose]());

function open(options: Partial<ChatOptions> = {}): Chat {
  return createChat({ client: openClient(world.server.url).client, ...options });
}

function last(chat: Chat): AssistantMessage {
  const message = chat.getState().messages.at(-1);
  if (message?.role !== "assistant") throw new Error("The last message is no answer");
  return message;
}

function lines(chat: Chat): string[] {
  return chat.getState().messages.map((message) => (message.role === "user" ? message.text : textOf(message.answer)));
}

async function until(chat: Chat, is: (state: ChatState) => boolean): Promise<void> {
  await expect.poll(() => is(chat.getState()), { timeout: 15_000 }).toBe(true);
}

async function hasBegun(chat: Chat): Promise<void> {
  await until(chat, ({ busy }) => busy && textOf(last(chat).answer) !== "");
}

describe("a chat", () => {
  it("asks, shows the answer, and gets the conversation's ID", async () => {
    let changes = 0;
    const chat = open({ onChanged: () => (changes += 1) });
    const states: ChatState[] = [];
    chat.subscribe(() => states.push(chat.getState()));
    expect(chat.getState()).toMatchObject({ phase: "new", busy: false, conversationId: null });
    const question = "script:mixed:1:400 delay:5";
    await chat.send(question);
    expect(lines(chat)).toEqual([question, scriptedAnswer(question)]);
    expect(chat.getState()).toMatchObject({ phase: "ready", busy: false, connection: "idle", stopping: false });
    expect(chat.getState().conversationId).not.toBeNull();
    expect(new Set(states).size).toBe(states.length);
    expect(states.map(({ connection }) => connection)).toContain("open");
    expect(changes).toBe(2);
    await chat.send("script:plain:2:60");
    expect(lines(chat)).toHaveLength(4);
    expect(last(chat)).toMatchObject({ live: true, joined: false, problem: null });
  });

  it("reads a conversation, and follows what runs in it", async () => {
    const question = "script:plain:3:300 hold:5";
    const asking = open();
    const asked = asking.send(question);
    await hasBegun(asking);
    const other = open({ conversationId: asking.getState().conversationId });
    await other.load();
    await hasBegun(other);
    expect(last(other)).toMatchObject({ live: true, joined: true });
    world.model.release(question);
    await asked;
    await until(other, ({ busy }) => !busy);
    expect(lines(other)).toEqual([question, scriptedAnswer(question)]);
    expect(other.getState().title).toContain("script:plain:3");
  });

  it("gives way to another device that was faster", async () => {
    const first = open();
    await first.send("script:plain:4:60");
    const second = open({ conversationId: first.getState().conversationId });
    await second.load();
    const question = "script:plain:5:200 hold:3";
    const asked = second.send(question);
    await hasBegun(second);
    await first.send("mine");
    expect(first.getState()).toMatchObject({ returned: "mine", refusal: "conversation-busy" });
    expect(first.takeReturned()).toBe("mine");
    expect(first.getState().returned).toBe("");
    await hasBegun(first);
    world.model.release(question);
    await asked;
    await until(first, ({ busy }) => !busy);
    expect(lines(first)).toEqual(lines(second));
  });

  it("gives a message back that the server will never take, and is new again", async () => {
    const chat = open();
    const long = "x".repeat(100_001);
    await chat.send(long);
    expect(chat.getState()).toMatchObject({ phase: "new", messages: [], returned: long, refusal: "bad-request" });
    await chat.send("script:plain:21:60");
    expect(chat.getState()).toMatchObject({ phase: "ready", refusal: null });
  });

  it("notices when it was deleted elsewhere", async () => {
    const { client } = openClient(world.server.url);
    const chat = createChat({ client });
    await chat.send("script:plain:22:60");
    await client.deleteConversation(chat.getState().conversationId ?? "");
    await chat.refresh();
    expect(chat.getState().phase).toBe("missing");
  });

  it("stops, goes on, and answers anew", async () => {
    const chat = open();
    const question = "script:plain:6:400 deltas:40 hold:6";
    const asked = chat.send(question);
    await hasBegun(chat);
    await chat.stop();
    await asked;
    expect(last(chat).answer.state).toBe("stopped");
    const kept = textOf(last(chat).answer);
    world.model.release(question);
    const { key } = last(chat);
    await chat.continue();
    expect([last(chat).key, last(chat).answer.state]).toEqual([key, "completed"]);
    expect(textOf(last(chat).answer)).toBe(scriptedAnswer(question));
    expect(scriptedAnswer(question).startsWith(kept)).toBe(true);
    await chat.regenerate();
    expect(lines(chat)).toEqual([question, scriptedAnswer(question)]);
  });

  it("stops what was not yet named, as soon as it is", async () => {
    const chat = open();
    const question = "script:plain:7:300 hold:4";
    const asked = chat.send(question);
    await chat.stop();
    await asked;
    expect(last(chat).answer.state).toBe("stopped");
  });

  it("shows why it was refused, and asks again with what can be taken", async () => {
    const chat = open();
    await chat.send("script:plain:8:60", { model: "no/such" });
    expect(last(chat).problem).toBe("unknown-model");
    await chat.regenerate();
    expect(last(chat).problem).toBeNull();
    expect(lines(chat)[1]).toBe(scriptedAnswer("script:plain:8:60"));
  });

  it("repeats the very same request where nobody could be reached", async () => {
    await using proxy = await openFaultyProxy({ target: { port: world.server.port }, seed: 9 });
    const { client, sent } = openClient(proxy.url);
    const chat = open({ client });
    proxy.refuse();
    const asked = chat.send("script:plain:9:60");
    await until(chat, ({ connection }) => connection === "reconnecting");
    await chat.stop();
    await asked;
    expect(last(chat).problem).toBe("network");
    proxy.accept();
    await chat.regenerate();
    expect(lines(chat)[1]).toBe(scriptedAnswer("script:plain:9:60"));
    const starts = sent.filter(({ method }) => method === "POST");
    expect(new Set(starts.map(({ headers }) => headers.get("Idempotency-Key"))).size).toBe(1);
  });

  it("tells what is missing from what cannot be reached", async () => {
    const missing = open({ conversationId: "no-such-conversation" });
    await missing.load();
    expect(missing.getState().phase).toBe("missing");
    const unreachable = open({ client: openClient("http://127.0.0.1:1").client, conversationId: "x" });
    await unreachable.load();
    expect(unreachable.getState().phase).toBe("unreachable");
  });

  it("reads nothing more when it is closed, and goes on when it is loaded again", async () => {
    const question = "script:plain:10:400 deltas:40 hold:20";
    const chat = open();
    void chat.send(question);
    await hasBegun(chat);
    chat.close();
    await until(chat, ({ busy }) => !busy);
    expect(last(chat).problem).toBeNull();
    await chat.load();
    await until(chat, ({ busy }) => busy);
    world.model.release(question);
    await until(chat, ({ busy }) => !busy);
    expect(lines(chat)).toEqual([question, scriptedAnswer(question)]);
  });
});
