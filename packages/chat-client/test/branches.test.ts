/** Branches of a chat over a real server: edited, tried again, stepped through, deleted. */
import { openFaultyProxy, scriptedAnswer } from "@typebar/testing";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { branchOf, createChat, textOf } from "../src/index.ts";
import type { AssistantMessage, Branch, Chat, ChatMessage, ChatOptions, UserMessage } from "../src/index.ts";
import { openClient, openWorld } from "./world.ts";
import type { World } from "./world.ts";

const first = "script:plain:1:60";
const second = "script:plain:2:60";
const third = "script:plain:3:60";

let world: World;
beforeAll(async () => {
  world = await openWorld();
});
afterAll(() => world?.[Symbol.asyncDispose]());

function open(options: Partial<ChatOptions> = {}): Chat {
  return createChat({ client: openClient(world.server.url).client, ...options });
}

async function read(chat: Chat): Promise<Chat> {
  const other = open({ conversationId: chat.getState().conversationId });
  await other.load();
  return other;
}

function at(chat: Chat, index: number): ChatMessage {
  const message = chat.getState().messages.at(index);
  if (message === undefined) throw new Error(`There is no message ${index}`);
  return message;
}

function question(chat: Chat, index: number): UserMessage {
  const message = at(chat, index);
  if (message.role !== "user") throw new Error(`Message ${index} is no question`);
  return message;
}

function answer(chat: Chat, index: number): AssistantMessage {
  const message = at(chat, index);
  if (message.role !== "assistant") throw new Error(`Message ${index} is no answer`);
  return message;
}

function lines(chat: Chat): string[] {
  return chat.getState().messages.map((message) => (message.role === "user" ? message.text : textOf(message.answer)));
}

function places(chat: Chat): (string | null)[] {
  return chat.getState().messages.map((message) => {
    const branch = branchOf(message);
    return branch && `${branch.at}/${branch.count}`;
  });
}

/** Everything a page shows of the branches is the same for one that reads the conversation now. */
async function expectSameWhenRead(chat: Chat): Promise<void> {
  const other = await read(chat);
  expect(lines(other)).toEqual(lines(chat));
  expect(other.getState().messages.map(({ siblingIds }) => siblingIds)).toEqual(
    chat.getState().messages.map(({ siblingIds }) => siblingIds),
  );
}

function branch(message: ChatMessage): Branch {
  const found = branchOf(message);
  if (found === null) throw new Error("The message stands alone");
  return found;
}

describe("a question that is edited", () => {
  it("makes a branch, and each can be shown again", async () => {
    const chat = open();
    await chat.send(first);
    await chat.send(second);
    expect(places(chat)).toEqual([null, null, null, null]);
    await chat.edit(question(chat, 0).key, third);
    expect(lines(chat)).toEqual([third, scriptedAnswer(third)]);
    expect(places(chat)).toEqual(["2/2", null]);
    await expectSameWhenRead(chat);

    await chat.choose(branch(at(chat, 0)).previousId ?? "");
    expect(lines(chat)).toEqual([first, scriptedAnswer(first), second, scriptedAnswer(second)]);
    expect(places(chat)).toEqual(["1/2", null, null, null]);
    await expectSameWhenRead(chat);
    await chat.choose(branch(at(chat, 0)).nextId ?? "");
    expect(lines(chat)).toEqual([third, scriptedAnswer(third)]);
  });

  it("stands among its branches from the first moment on", async () => {
    const chat = open();
    await chat.send(first);
    const seen = new Set<string>();
    chat.subscribe(() => seen.add(places(chat)[0] ?? "alone"));
    await chat.edit(question(chat, 0).key, second);
    expect([...seen]).toEqual(["2/2"]);
  });

  it("can be edited where it was asked somewhere else", async () => {
    const chat = open();
    await chat.send(first);
    const other = await read(chat);
    await other.edit(question(other, 0).key, second);
    expect(lines(other)).toEqual([second, scriptedAnswer(second)]);
    await chat.refresh();
    expect(lines(chat)).toEqual(lines(other));
    expect(places(chat)).toEqual(["2/2", null]);
  });

  it("goes back to its writer, and the branch before it is shown, where it is not taken", async () => {
    const chat = open();
    await chat.send(first);
    const tooLong = "x".repeat(100_001);
    await chat.edit(question(chat, 0).key, tooLong);
    expect(chat.getState()).toMatchObject({ refusal: "bad-request", returned: tooLong, busy: false });
    expect(lines(chat)).toEqual([first, scriptedAnswer(first)]);
  });
});

describe("an answer that is tried again", () => {
  it("stands beside the first, by the model that was chosen, wherever in the chat it is", async () => {
    const chat = open();
    await chat.send(first);
    await chat.send(second);
    const { key, answer: before } = answer(chat, 1);
    const model = "openai-compatible/scripted-other";
    await chat.regenerate({ key, model });
    expect(lines(chat)).toEqual([first, scriptedAnswer(first)]);
    expect(answer(chat, 1).answer).toMatchObject({ model, state: "completed" });
    expect(branch(at(chat, 1))).toEqual({ at: 2, count: 2, previousId: before.messageId, nextId: null });
    await expectSameWhenRead(chat);
    await chat.choose(before.messageId ?? "");
    expect(lines(chat)).toHaveLength(4);
    expect(answer(chat, 1).answer.model).toBe(before.model);
  });
});

describe("a message that is deleted", () => {
  it("goes with all that follows it, and what stands beside it is shown", async () => {
    const chat = open();
    await chat.send(first);
    await chat.send(second);
    await chat.regenerate();
    expect(places(chat)).toEqual([null, null, null, "2/2"]);
    await chat.remove(answer(chat, 3).key);
    expect(places(chat)).toEqual([null, null, null, null]);
    await chat.remove(answer(chat, 3).key);
    expect(lines(chat)).toEqual([first, scriptedAnswer(first), second]);
    await expectSameWhenRead(chat);
    // A question without an answer can be answered.
    await chat.regenerate();
    expect(lines(chat)).toEqual([first, scriptedAnswer(first), second, scriptedAnswer(second)]);
    await chat.remove(question(chat, 0).key);
    expect(chat.getState()).toMatchObject({ messages: [], phase: "ready", failure: null });
    await chat.send(third);
    expect(lines(chat)).toEqual([third, scriptedAnswer(third)]);
    await expectSameWhenRead(chat);
  });

  it("says so where it is gone already, and shows what is there", async () => {
    const chat = open();
    await chat.send(first);
    await chat.send(second);
    const other = await read(chat);
    await other.remove(question(other, 2).key);
    await chat.remove(question(chat, 2).key);
    expect(chat.getState().failure).toBe("not-found");
    expect(lines(chat)).toEqual([first, scriptedAnswer(first)]);
    await chat.send(third);
    expect(chat.getState().failure).toBeNull();
  });
});

it("keeps what did not reach the server while the rest is read again", async () => {
  await using proxy = await openFaultyProxy({ target: { port: world.server.port }, seed: 9 });
  const chat = open({ client: openClient(proxy.url).client });
  await chat.send(first);
  proxy.refuse();
  proxy.cutAll();
  const asked = chat.send(second);
  await expect.poll(() => chat.getState().connection).toBe("reconnecting");
  await chat.stop();
  await asked;
  proxy.accept();
  await chat.refresh();
  expect(lines(chat)).toEqual([first, scriptedAnswer(first), second, ""]);
  await chat.regenerate();
  expect(lines(chat)).toEqual([first, scriptedAnswer(first), second, scriptedAnswer(second)]);
  await expectSameWhenRead(chat);
});

it("says of a stored answer how long it took, as of one that was just given", async () => {
  const chat = open();
  await chat.send("script:plain:7:200 delay:5");
  const { durationMs, thoughtMs } = answer(chat, 1).answer;
  expect(durationMs).toBeGreaterThan(0);
  expect(thoughtMs).toBeNull();
  expect(answer(await read(chat), 1).answer).toMatchObject({ durationMs, thoughtMs });
});

it("draws nothing anew that has not changed", async () => {
  const chat = open();
  await chat.send(first);
  await chat.send(second);
  const before = chat.getState().messages;
  await chat.refresh();
  const after = chat.getState().messages;
  expect(after.map((message, index) => message === before[index])).toEqual([true, true, true, true]);
});
