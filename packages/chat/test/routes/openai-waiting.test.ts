/** A whole answer in JSON that is long in coming, read by OpenAI's own package: bytes before the answer, and the answer as ever. */
import OpenAI from "openai";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { ProviderError } from "../../src/provider/provider.ts";
import { type ChatServer, openChatServer } from "./chat-server.ts";
import { finish, say } from "./fake-provider.ts";
import { user } from "./openai-world.ts";

let chat: ChatServer;
beforeAll(async () => void (chat = await openChatServer({ heartbeatMs: 20 })));
afterAll(() => chat[Symbol.asyncDispose]());

/** A model that says nothing before the client has had a head and the beginning of a body; gives what came until then. */
function script(question: string, error?: Error): { client: OpenAI; before: Promise<string> } {
  const { promise: before, resolve } = Promise.withResolvers<string>();
  chat.provider.script(question, async function* () {
    await before;
    if (error) throw error;
    yield say("late");
    yield finish;
  });
  const client = new OpenAI({
    baseURL: `${chat.url}/v1`,
    apiKey: "any",
    async fetch(url, init) {
      const response = await fetch(url, init);
      const [own, seen] = response.body?.tee() ?? [];
      void seen
        ?.getReader()
        .read()
        .then(({ value }) => resolve(new TextDecoder().decode(value)));
      return new Response(own, response);
    },
  });
  return { client, before };
}

describe("an answer that the model is long about", () => {
  test("has its head and empty lines first, and is the same for OpenAI's package", async () => {
    const { client, before } = script("slow");
    const asked = client.chat.completions.create({ model: "fake/one", messages: [user("slow")] });
    const { data, response, request_id: requestId } = await asked.withResponse();
    expect(await before).toMatch(/^\n+$/u);
    expect(data.choices[0]?.message.content).toBe("late");
    expect(data.usage).toMatchObject({ prompt_tokens: 3, completion_tokens: 5 });
    expect(response.headers.get("content-type")).toBe("application/json");
    expect(response.headers.get("cache-control")).toContain("no-store");
    expect(data.id).toBe(`chatcmpl-${response.headers.get("typebar-generation")}`);
    expect(requestId).toBe(response.headers.get("typebar-generation"));
  });

  test("and that fails then is an error object in place of the completion, and is not asked for again", async () => {
    const { client, before } = script("fails", new ProviderError("provider-rate-limited", "Too many."));
    const failed: unknown = await client.chat.completions.create({ model: "fake/one", messages: [user("fails")] });
    expect(await before).toMatch(/^\n+$/u);
    expect(failed).toMatchObject({ error: { code: "provider-rate-limited", type: "rate_limit_error", param: null } });
    expect(failed).not.toHaveProperty("choices");
    expect(chat.reports).toEqual([]);
  });

  test("is let go of by a client that leaves, and goes on", async () => {
    const { client, before } = script("left");
    const leaving = new AbortController();
    void before.then(() => leaving.abort());
    const asked = client.chat.completions.create(
      { model: "fake/one", messages: [user("left")] },
      { signal: leaving.signal },
    );
    await expect(asked).rejects.toThrow();
    await expect.poll(() => chat.unanswered).toBe(0);
    expect(chat.reports).toEqual([]);
  });
});

test("an answer that fails at once is an error by its status", async () => {
  await using quick = await openChatServer();
  quick.provider.script("fails", async function* () {
    yield* [];
    throw new ProviderError("provider-rejected", "No.");
  });
  const client = new OpenAI({ baseURL: `${quick.url}/v1`, apiKey: "any" });
  const asked = client.chat.completions.create({ model: "fake/one", messages: [user("fails")] });
  await expect(asked).rejects.toMatchObject({ status: 400, code: "provider-rejected" });
});
