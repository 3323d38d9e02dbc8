/** The AI SDK's own DefaultChatTransport, of `ai` 5, 6 and 7, with nothing of ours on the page. */
import type { UIMessage } from "ai";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { openFaultyProxy, scriptedAnswer } from "../../src/index.ts";
import { aiSdks, type AiSdk, createHeadlessChat, type HeadlessChat, lastText } from "./ai-sdks.ts";
import { type ClientWorld, openClientWorld } from "./client-world.ts";

let world: ClientWorld;
beforeAll(async () => void (world = await openClientWorld()));
afterAll(() => world[Symbol.asyncDispose]());

/** What a page shows first after a reload. */
async function readStored(id: string): Promise<UIMessage[]> {
  const response = await fetch(`${world.server.url}/api/conversations/${id}`);
  const { messages }: { messages: UIMessage[] } = await response.json();
  return messages;
}

function readGenerationId(chat: HeadlessChat): string | undefined {
  return (chat.lastMessage?.metadata as { generationId?: string } | undefined)?.generationId;
}

describe.each(aiSdks)("DefaultChatTransport of ai $version", ({ version, load }) => {
  let sdk: AiSdk;
  beforeAll(async () => void (sdk = await load()));

  function createChat(id: string, messages: UIMessage[] = [], url = world.server.url): HeadlessChat {
    const transport = new sdk.DefaultChatTransport({ api: `${url}/api/chat` });
    return createHeadlessChat(sdk, { id, transport, messages });
  }

  it("asks, and asks again in the same conversation", async () => {
    const [first, second] = [`script:mixed:1${version}:300`, `script:plain:1${version}:90`];
    const chat = createChat(`stock-${version}`);
    await chat.sendMessage({ text: first });
    expect(chat.error).toBeUndefined();
    expect(lastText(chat)).toBe(scriptedAnswer(first));
    await chat.sendMessage({ text: second });
    expect(lastText(chat)).toBe(scriptedAnswer(second));
    expect(chat.messages.map(({ role }) => role)).toEqual(["user", "assistant", "user", "assistant"]);
    expect(chat.lastMessage?.metadata).toMatchObject({ state: "completed", conversationId: `stock-${version}` });
    world.expectAskedOnce(first);
    world.expectAskedOnce(second);
  });

  it("resumes after a reload", async () => {
    const question = `script:mixed:2${version}:600 deltas:60 hold:30`;
    const id = `reload-${version}`;
    void createChat(id).sendMessage({ text: question });
    await world.model.waitFor(({ key, deltasSent }) => key === question && deltasSent === 30);
    const chat = createChat(id, await readStored(id));
    const resumed = chat.resumeStream();
    await expect.poll(() => lastText(chat).length).toBeGreaterThan(100);
    world.model.release(question);
    await resumed;
    expect(chat.status).toBe("ready");
    expect(lastText(chat)).toBe(scriptedAnswer(question));
    expect(chat.messages).toHaveLength(2);
    world.expectAskedOnce(question);
  });

  it("fails at a cut instead of taking it for the end, and is whole after resumeStream()", async () => {
    const question = `script:mixed:3${version}:600 deltas:60 hold:30`;
    const id = `cut-${version}`;
    await using proxy = await openFaultyProxy({ target: world.server, seed: version });
    const chat = createChat(id, [], proxy.url);
    const asked = chat.sendMessage({ text: question });
    await expect.poll(() => lastText(chat).length).toBeGreaterThan(100);
    proxy.cutAll();
    await asked;
    expect(chat.status).toBe("error");
    // Version 5 adds what it resumes to the parts it has.
    if (version === 5) chat.messages = await readStored(id);
    const resumed = chat.resumeStream();
    world.model.release(question);
    await resumed;
    expect(chat.status).toBe("ready");
    expect(lastText(chat)).toBe(scriptedAnswer(question));
    world.expectAskedOnce(question);
  });

  it("is whole after a restart of the server and resumeStream()", async () => {
    const question = `script:mixed:4${version}:600 deltas:60 hold:30`;
    const id = `restart-${version}`;
    const chat = createChat(id);
    const asked = chat.sendMessage({ text: question });
    await expect.poll(() => lastText(chat).length).toBeGreaterThan(100);
    await world.restart();
    await asked;
    expect(chat.status).toBe("error");
    if (version === 5) chat.messages = await readStored(id);
    const resumed = chat.resumeStream();
    world.model.release(question);
    await resumed;
    expect(lastText(chat)).toBe(scriptedAnswer(question));
    expect(chat.messages).toHaveLength(2);
    world.expectAskedOnce(question, 1);
  });

  it("lets go at stop(); the generation is stopped by its ID", async () => {
    const question = `script:mixed:5${version}:600 deltas:60 hold:20`;
    const id = `stop-${version}`;
    const chat = createChat(id);
    const asked = chat.sendMessage({ text: question });
    await expect.poll(() => lastText(chat).length).toBeGreaterThan(50);
    await chat.stop();
    await asked;
    expect(chat.status).toBe("ready");
    const generationId = readGenerationId(chat);
    const stop = await fetch(`${world.server.url}/api/generations/${generationId}/stop`, { method: "POST" });
    expect(stop.status).toBe(202);
    await world.model.waitFor(({ key, outcome }) => key === question && outcome === "aborted");
    await expect.poll(async () => (await readStored(id)).at(-1)?.metadata).toMatchObject({ state: "stopped" });
    expect(scriptedAnswer(question).startsWith(lastText(chat))).toBe(true);
  });

  it("shows a stop from elsewhere as an end, and a failure as an error", async () => {
    const question = `script:mixed:6${version}:600 deltas:60 hold:20`;
    const chat = createChat(`elsewhere-${version}`);
    const asked = chat.sendMessage({ text: question });
    await expect.poll(() => lastText(chat).length).toBeGreaterThan(50);
    const generationId = readGenerationId(chat);
    await fetch(`${world.server.url}/api/generations/${generationId}/stop`, { method: "POST" });
    await asked;
    expect(chat.status).toBe("ready");
    expect(chat.lastMessage?.metadata).toMatchObject({ state: "stopped" });
    await chat.sendMessage({ text: `script:plain:6${version}:90 fault:error-midstream` });
    expect(chat.status).toBe("error");
    expect(chat.lastMessage?.metadata).toMatchObject({ state: "failed", code: "provider-error" });
  });

  it("edits a question, and the answers after it go with the old one", async () => {
    const [first, edited, next] = ["a", "b", "c"].map((name) => `script:plain:9${version}:80:${name}`) as [
      string,
      string,
      string,
    ];
    const chat = createChat(`edit-${version}`);
    await chat.sendMessage({ text: first });
    await chat.sendMessage({ text: edited, messageId: chat.messages[0]?.id ?? "" });
    await chat.sendMessage({ text: next });
    expect(chat.error).toBeUndefined();
    expect(lastText(chat)).toBe(scriptedAnswer(next));
    const { messages } = world.model.requests.at(-1)?.body ?? {};
    expect(messages).toMatchObject([{ content: edited }, { content: scriptedAnswer(edited) }, { content: next }]);
  });

  it("makes an answer again in place of the last one", async () => {
    const question = `script:plain:7${version}:80`;
    const chat = createChat(`again-${version}`);
    await chat.sendMessage({ text: question });
    await chat.regenerate();
    expect(chat.error).toBeUndefined();
    expect(chat.messages).toHaveLength(2);
    expect(lastText(chat)).toBe(scriptedAnswer(question));
    expect(world.model.count(question)).toBe(2);
  });
});
