/** Deleting a conversation and bringing it back, as a client sees it; and that nothing stays for ever. */
import * as v from "valibot";
import { expect, test } from "vitest";
import { purgeDeleted } from "../../src/generation/purge.ts";
import { restorableMs } from "../../src/store/deleted.ts";

import { textOf } from "./blocks.ts";
import { type ChatServer, openChatServer } from "./chat-server.ts";
import { say, silence } from "./fake-provider.ts";
import { conversationSchema, summarySchema } from "./wire-schema.ts";

/** A server whose store is told the time. */
async function openTimed(): Promise<ChatServer & { pass: (ms: number) => void }> {
  let passedMs = 0;
  const chat = await openChatServer({ now: () => Date.now() + passedMs });
  chat.provider.script("endless", async function* ({ signal }) {
    yield say("and so on");
    await silence(signal);
  });
  return Object.assign(chat, { pass: (ms: number) => void (passedMs += ms) });
}

const deleteIt = async (chat: ChatServer, id: string): Promise<number> =>
  (await chat.fetch(`/api/conversations/${id}`, { method: "DELETE" })).status;
const restore = (chat: ChatServer, id: string): Promise<Response> =>
  chat.fetch(`/api/conversations/${id}/restore`, { method: "POST" });

test("a conversation that was deleted is restored with its messages, and can be gone on with", async () => {
  await using chat = await openTimed();
  const { conversationId: id, generationId } = await chat.ask("first");
  const before = await chat.read(id);
  expect(await deleteIt(chat, id)).toBe(204);
  expect((await chat.fetch(`/api/generations/${generationId}`)).status).toBe(404);
  expect((await chat.fetch(`/api/generations/${generationId}/events`)).status).toBe(404);
  await chat.generations.sweep();
  chat.pass(restorableMs - 60_000);
  await chat.generations.sweep();
  const restored = await restore(chat, id);
  expect(v.parse(summarySchema, await restored.json())).toMatchObject({ id, title: "first" });
  expect(v.parse(conversationSchema, await chat.read(id))).toEqual(before);
  const replayed = await chat.open(`/api/generations/${generationId}/events`);
  await replayed.rest();
  expect(replayed.blocks.at(-1)).toMatchObject({ event: "close" });
  await chat.ask({ message: "second", conversationId: id });
  expect((await chat.read(id)).messages).toHaveLength(4);
  expect((await restore(chat, id)).status).toBe(404);
});

test("deleting while it is answered ends the stream and the provider's request; what was said is restored", async () => {
  await using chat = await openTimed();
  const answer = await chat.open("/api/chat", { body: { message: "endless" } });
  await answer.until(() => textOf(answer.blocks) === "and so on");
  expect(await deleteIt(chat, answer.conversationId)).toBe(204);
  await answer.rest();
  expect(answer.blocks.at(-1)).toMatchObject({ event: "close" });
  await chat.generations.settled(answer.generationId);
  expect(chat.provider.speaking).toBe(0);
  expect((await chat.fetch(`/api/generations/${answer.generationId}`)).status).toBe(404);
  await restore(chat, answer.conversationId);
  expect((await chat.read(answer.conversationId)).messages[1]).toMatchObject({
    parts: [{ type: "text", text: "and so on" }],
    metadata: { state: "stopped" },
  });
});

test("after ten minutes nothing of it is left: no rows, no log, no way back", async () => {
  await using chat = await openTimed();
  const { conversationId: id, generationId } = await chat.ask("first");
  await deleteIt(chat, id);
  expect(await chat.log.head(generationId)).toBeDefined();
  chat.pass(restorableMs);
  expect((await restore(chat, id)).status).toBe(404);
  await chat.generations.sweep();
  expect(await chat.log.head(generationId)).toBeUndefined();
  expect(await chat.store.deleted.expired(10)).toEqual([]);
  expect(chat.reports).toEqual([]);
});

test("one whose answer nobody works on leaves no log for ever", async () => {
  await using chat = await openTimed();
  const answer = await chat.open("/api/chat", { body: { message: "endless" } });
  await answer.until(() => textOf(answer.blocks) === "and so on");
  const expired: string[] = [];
  await chat.generations.drain(0);
  expect(await deleteIt(chat, answer.conversationId)).toBe(204);
  chat.pass(restorableMs);
  const log: typeof chat.log = { ...chat.log, expire: async (id) => void expired.push(id) };
  await purgeDeleted(log, chat.store.deleted);
  expect(expired).toEqual([answer.generationId]);
  expect(await chat.store.deleted.expired(10)).toEqual([]);
  await answer.leave();
});
