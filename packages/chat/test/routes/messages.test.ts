/** Branches and single messages over HTTP: chosen, edited, read, deleted; whose they are, and what is refused. */
import { setTimeout as wait } from "node:timers/promises";
import * as v from "valibot";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Message } from "../../src/protocol.ts";
import { type ChatServer, openChatServer } from "./chat-server.ts";
import { echoOf, finish, say, silence, think } from "./fake-provider.ts";
import { conversationSchema, problemSchema, summarySchema } from "./wire-schema.ts";

let chat: ChatServer;
beforeAll(async () => {
  chat = await openChatServer();
  chat.provider.script("endless", async function* ({ signal }) {
    yield say("and so on");
    await silence(signal);
  });
});
afterAll(() => chat[Symbol.asyncDispose]());

async function messagesOf(conversationId: string): Promise<Message[]> {
  const response = await chat.fetch(`/api/conversations/${conversationId}`);
  return v.parse(conversationSchema, await response.json()).messages as Message[];
}

async function textsOf(conversationId: string): Promise<string[]> {
  return (await messagesOf(conversationId)).map(({ parts }) => (parts[0]?.type === "text" ? parts[0].text : ""));
}

async function problemOf(response: Response): Promise<string> {
  return v.parse(problemSchema, await response.json()).code;
}

async function begin(text: string): Promise<{ id: string; question: string; answer: string }> {
  const { conversationId: id } = await chat.ask(text);
  const [question, answer] = await messagesOf(id);
  return { id, question: question?.id ?? "", answer: answer?.id ?? "" };
}

describe("a question that is sent again", () => {
  test("becomes a new branch beside the old one, which can be chosen again", async () => {
    const { id, question } = await begin("first");
    await chat.ask({ message: "second", conversationId: id });
    await chat.ask({ message: "first, better", conversationId: id, messageId: question });
    expect(await textsOf(id)).toEqual(["first, better", echoOf("first, better")]);
    const [edited] = await messagesOf(id);
    expect(edited?.siblingIds).toEqual([question, edited?.id]);
    // The model is told of this branch only.
    expect(chat.provider.requests.at(-1)?.messages.map(({ text }) => text)).toEqual(["first, better"]);
    const chosen = await chat.send("PATCH", `/api/conversations/${id}`, { messageId: question });
    expect(v.parse(summarySchema, await chosen.json()).id).toBe(id);
    expect(await textsOf(id)).toEqual(["first", echoOf("first"), "second", echoOf("second")]);
  });

  test("is asked once for one key, and each time without", async () => {
    const { id, question } = await begin("keyed");
    const body = { message: "keyed, better", conversationId: id, messageId: question };
    const key = { "Idempotency-Key": "edit-1" };
    const first = await chat.ask(body, key);
    const again = await chat.ask(body, key);
    expect(again.generationId).toBe(first.generationId);
    const third = await chat.ask(body);
    expect(third.generationId).not.toBe(first.generationId);
    expect((await messagesOf(id))[0]?.siblingIds).toHaveLength(3);
  });

  test("may be sent by GET", async () => {
    const { id, question } = await begin("by get");
    const query = new URLSearchParams({ message: "got", conversationId: id, messageId: question });
    const answer = await chat.open(`/api/chat?${query}`);
    await answer.rest();
    await chat.generations.settled(answer.generationId);
    expect(await textsOf(id)).toEqual(["got", echoOf("got")]);
  });

  test("is refused where there is none of that ID", async () => {
    const { id, answer } = await begin("refused");
    const other = await begin("other");
    for (const messageId of [answer, other.question, "unknown"]) {
      const response = await chat.send("POST", "/api/chat", { message: "x", conversationId: id, messageId });
      expect([response.status, await problemOf(response)]).toEqual([404, "not-found"]);
    }
    const response = await chat.send("POST", "/api/chat", { message: "x", messageId: answer });
    expect(await problemOf(response)).toBe("bad-request");
    expect(await textsOf(id)).toHaveLength(2);
  });
});

describe("an answer that is tried again", () => {
  test("stands beside the first one, by the model that was chosen for it", async () => {
    const { id, answer } = await begin("again");
    await chat.ask({ message: "then", conversationId: id });
    await chat.ask({ conversationId: id, trigger: "regenerate-message", messageId: answer, model: "fake/two" });
    const [, second] = await messagesOf(id);
    expect(second).toMatchObject({ siblingIds: [answer, second?.id], metadata: { model: "fake/two" } });
    const found = await chat.fetch(`/api/conversations/${id}/messages/${answer}`);
    expect(await found.json()).toMatchObject({ id: answer, metadata: { model: "fake/one" } });
  });
});

describe("a message", () => {
  test("is read alone as it stands in its conversation", async () => {
    const { id, question } = await begin("alone");
    const [stored] = await messagesOf(id);
    const response = await chat.fetch(`/api/conversations/${id}/messages/${question}`);
    expect([response.status, response.headers.get("cache-control")]).toEqual([200, "no-store"]);
    expect(await response.json()).toEqual(stored);
  });

  test("says how long its model spoke and thought, where it did", async () => {
    chat.provider.script("think hard", async function* () {
      yield think("so");
      await wait(20);
      yield say("done");
      await wait(20);
      yield finish;
    });
    const { id, answer } = await begin("think hard");
    const { metadata } = (await messagesOf(id)).find((message) => message.id === answer) ?? {};
    expect(metadata?.thoughtMs).toBeGreaterThan(0);
    expect(metadata?.durationMs).toBeGreaterThan(metadata?.thoughtMs ?? 0);
    const plain = await begin("no thoughts");
    expect((await messagesOf(plain.id))[1]?.metadata).not.toHaveProperty("thoughtMs");
  });

  test("is deleted with all that follows, its logs included", async () => {
    const { id } = await begin("kept");
    const gone = await chat.ask({ message: "gone", conversationId: id });
    const [, , question] = await messagesOf(id);
    const path = `/api/conversations/${id}/messages/${question?.id ?? ""}`;
    const response = await chat.fetch(path, { method: "DELETE" });
    expect([response.status, await response.text()]).toEqual([204, ""]);
    expect(await textsOf(id)).toEqual(["kept", echoOf("kept")]);
    expect(await chat.log.head(gone.generationId)).toBeUndefined();
    expect((await chat.fetch(`/api/generations/${gone.generationId}`)).status).toBe(404);
    for (const method of ["GET", "DELETE"]) expect((await chat.fetch(path, { method })).status).toBe(404);
  });

  test("is not another owner's to read, choose, edit or delete", async () => {
    const { id, question } = await begin("mine");
    const headers = { "x-owner": "mallory" };
    const path = `/api/conversations/${id}/messages/${question}`;
    for (const method of ["GET", "DELETE"]) {
      expect(await problemOf(await chat.fetch(path, { method, headers }))).toBe("not-found");
    }
    const chosen = await chat.send("PATCH", `/api/conversations/${id}`, { messageId: question }, headers);
    expect(await problemOf(chosen)).toBe("not-found");
    const body = { message: "theirs", conversationId: id, messageId: question };
    expect(await problemOf(await chat.send("POST", "/api/chat", body, headers))).toBe("not-found");
    expect(await textsOf(id)).toEqual(["mine", echoOf("mine")]);
  });

  test("stays while an answer is on its way", async () => {
    const { id, question } = await begin("busy");
    const running = await chat.open("/api/chat", { body: { message: "endless", conversationId: id } });
    const chosen = await chat.send("PATCH", `/api/conversations/${id}`, { messageId: question });
    const deleted = await chat.fetch(`/api/conversations/${id}/messages/${question}`, { method: "DELETE" });
    for (const response of [chosen, deleted]) {
      expect(response.status).toBe(409);
      expect(await response.json()).toMatchObject({
        code: "conversation-busy",
        generationId: running.generationId,
      });
    }
    await chat.fetch(`/api/generations/${running.generationId}/stop`, { method: "POST" });
    await running.rest();
    await chat.generations.settled(running.generationId);
    const [first] = await messagesOf(id);
    expect(first?.id).toBe(question);
  });
});

test("a change of a conversation names at least one thing, and only what there is", async () => {
  const { id } = await begin("changed");
  for (const body of [{}, { messageId: "not an ID" }, { messageId: 1 }, { title: "x", other: 1 }]) {
    expect(await problemOf(await chat.send("PATCH", `/api/conversations/${id}`, body))).toBe("bad-request");
  }
  const [question] = await messagesOf(id);
  const both = await chat.send("PATCH", `/api/conversations/${id}`, { title: "named", messageId: question?.id });
  expect(await both.json()).toMatchObject({ title: "named" });
});
