/** Each route that changes something tells its owner, and nobody else, in the shapes of PROTOCOL.md. */
import * as v from "valibot";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { Change } from "../../src/protocol.ts";
import { textOf } from "./blocks.ts";
import { type ChatServer, openChatServer } from "./chat-server.ts";
import { say, silence } from "./fake-provider.ts";
import { changeSchema } from "./wire-schema.ts";

let chat: ChatServer;
beforeAll(async () => {
  chat = await openChatServer();
  chat.provider.script("endless", async function* ({ signal }) {
    yield say("and so on");
    await silence(signal);
  });
});
afterAll(() => chat[Symbol.asyncDispose]());

let owners = 0;
const newOwner = (): { "x-owner": string } => ({ "x-owner": `owner-${++owners}` });

const changesOf = (owner: { "x-owner": string }): Change[] =>
  chat.changes.filter(({ ownerId }) => ownerId === owner["x-owner"]).map(({ change }) => change);

async function untilTold(owner: { "x-owner": string }, expected: unknown): Promise<void> {
  await expect.poll(() => changesOf(owner).at(-1)).toMatchObject(expected as object);
}

test("a conversation that is made, named, pinned, given a system prompt, asked, answered and deleted", async () => {
  const owner = newOwner();
  const made = await chat.send("POST", "/api/conversations", {}, owner);
  const { id } = (await made.json()) as { id: string };
  const path = `/api/conversations/${id}`;
  const told = (conversation: object, generationId: string | null = null): unknown => ({
    event: "conversation",
    data: { conversation: { id, ...conversation }, generationId },
  });
  await untilTold(owner, told({ title: "", pinned: false }));
  await chat.send("PATCH", path, { title: "named" }, owner);
  await untilTold(owner, told({ title: "named" }));
  await chat.send("PATCH", path, { pinned: true }, owner);
  await untilTold(owner, told({ title: "named", pinned: true }));
  const before = changesOf(owner).length;
  await chat.send("PATCH", path, { systemPrompt: "be brief" }, owner);
  await expect.poll(() => changesOf(owner).length).toBe(before + 1);
  const answer = await chat.open("/api/chat", { body: { message: "endless", conversationId: id }, headers: owner });
  await answer.until(() => textOf(answer.blocks) === "and so on");
  await untilTold(owner, told({ title: "named" }, answer.generationId));
  await chat.send("POST", `/api/generations/${answer.generationId}/stop`, {}, owner);
  await answer.rest();
  await untilTold(owner, told({ title: "named" }, null));
  await chat.fetch(path, { method: "DELETE", headers: owner });
  await untilTold(owner, { event: "conversation-deleted", data: { id } });
  for (const change of changesOf(owner)) v.parse(changeSchema, change);
});

test("settings", async () => {
  const owner = newOwner();
  await chat.send("PATCH", "/api/settings", { systemPrompt: "be brief" }, owner);
  await expect.poll(() => changesOf(owner)).toEqual([{ event: "settings", data: { systemPrompt: "be brief" } }]);
  for (const change of changesOf(owner)) v.parse(changeSchema, change);
});

test("nothing of what is refused, and nothing of answers that belong to no listed conversation", async () => {
  const [owner, other] = [newOwner(), newOwner()];
  const { id } = (await (await chat.send("POST", "/api/conversations", {}, owner)).json()) as { id: string };
  await expect.poll(() => changesOf(owner)).toHaveLength(1);
  const completion = { messages: [{ role: "user", content: "hi" }] };
  const completed = await chat.send("POST", "/v1/chat/completions", completion, owner);
  expect(completed.status).toBe(200);
  const hiddenId = completed.headers.get("Typebar-Conversation") ?? "";
  await chat.generations.settled(completed.headers.get("Typebar-Generation") ?? "");
  expect((await chat.fetch(`/api/conversations/${hiddenId}`, { method: "DELETE", headers: owner })).status).toBe(204);
  for (const patch of [{ title: "taken" }, { pinned: true }, { systemPrompt: "x" }]) {
    expect((await chat.send("PATCH", `/api/conversations/${id}`, patch, other)).status).toBe(404);
  }
  expect((await chat.fetch(`/api/conversations/${id}`, { method: "DELETE", headers: other })).status).toBe(404);
  expect((await chat.send("PATCH", "/api/settings", {}, other)).status).toBe(400);
  // Whatever came before it has been told when this is.
  await chat.send("PATCH", "/api/settings", { systemPrompt: "" }, owner);
  await chat.send("PATCH", "/api/settings", { systemPrompt: "" }, other);
  await expect
    .poll(() => [...changesOf(owner), ...changesOf(other)].map(({ event }) => event))
    .toEqual(["conversation", "settings", "settings"]);
});
