/** Search as a client sees it: shapes, limits, owners. */
import * as v from "valibot";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { SearchResults } from "../../src/protocol.ts";
import { type ChatServer, openChatServer } from "./chat-server.ts";
import { problemSchema, searchSchema } from "./wire-schema.ts";

let chat: ChatServer;
beforeAll(async () => {
  chat = await openChatServer();
});
afterAll(() => chat[Symbol.asyncDispose]());

async function search(query: string, owner = "alice"): Promise<SearchResults["results"]> {
  const response = await chat.fetch(`/api/conversations/search?${query}`, { headers: { "x-owner": owner } });
  expect(response.status).toBe(200);
  return v.parse(searchSchema, await response.json()).results;
}

test("finds what was asked and what was answered, from the first moment on, and whose it is", async () => {
  const { conversationId } = await chat.ask("where do zebras live");
  const [found, ...others] = await search("q=zebras");
  expect(others).toEqual([]);
  expect(found).toMatchObject({ conversation: { id: conversationId, title: "where do zebras live" }, messageId: null });
  const [inAnswer] = await search(`q=${encodeURIComponent("asked zebr")}`);
  expect(inAnswer?.messageId).toBe((await chat.read(conversationId)).messages[1]?.id);
  expect(inAnswer?.matches.map(([from, to]) => inAnswer.snippet.slice(from, to))).toEqual(["asked", "zebras"]);
  expect(await search("q=zebras", "mallory")).toEqual([]);
  expect(await search("q=%3F")).toEqual([]);
  for (let turn = 0; turn < 3; turn++) await chat.ask(`zebras again ${turn}`);
  expect(await search("q=zebras&limit=2")).toHaveLength(2);
});

test.each(["", "q=", "q=%20", `q=${"x".repeat(1001)}`, "q=x&limit=0", "q=x&limit=51", "q=x&page=2"])(
  "is refused with ?%s",
  async (query) => {
    const response = await chat.fetch(`/api/conversations/search?${query}`);
    expect([response.status, v.parse(problemSchema, await response.json()).code]).toEqual([400, "bad-request"]);
  },
);
