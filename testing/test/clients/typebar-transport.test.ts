/** `@typebar/ai-sdk` under `ai` 5, 6 and 7 against the real server: cuts, kills, refreshes, stops. */
import { createTypebarTransport } from "@typebar/ai-sdk";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { openFaultyProxy, scriptedAnswer } from "../../src/index.ts";
import { aiSdks, type AiSdk, createHeadlessChat, lastText, textOf } from "./ai-sdks.ts";
import { type ClientWorld, openClientWorld } from "./client-world.ts";

let world: ClientWorld;
beforeAll(async () => void (world = await openClientWorld()));
afterAll(() => world[Symbol.asyncDispose]());

const backoff = { initialMs: 20, maxMs: 20 };

describe.each(aiSdks)("createTypebarTransport under ai $version", ({ version, load }) => {
  let sdk: AiSdk;
  beforeAll(async () => void (sdk = await load()));

  const transportTo = (url: string): ReturnType<typeof createTypebarTransport> =>
    createTypebarTransport({ api: `${url}/api/chat`, backoff });

  it("gives the whole answer over connections that are cut, and the chat notices nothing", async () => {
    const { server, expectAskedOnce } = world;
    const question = `script:mixed:3${version}:700 deltas:70 delay:4`;
    await using proxy = await openFaultyProxy({
      target: server,
      seed: version,
      plan: (connection) => (connection <= 2 ? { cutAfterBytes: 3000, cut: "rst" } : {}),
    });
    const chat = createHeadlessChat(sdk, { id: `cut-${version}`, transport: transportTo(proxy.url) });
    await chat.sendMessage({ text: question });
    expect(chat.error).toBeUndefined();
    expect(chat.status).toBe("ready");
    expect(lastText(chat)).toBe(scriptedAnswer(question));
    expect(chat.messages).toHaveLength(2);
    expect(proxy.counts.cuts).toBe(2);
    expectAskedOnce(question);
  });

  it("goes on in the same message after the server was killed and started again", async () => {
    const { server, model, restart, expectAskedOnce } = world;
    const question = `script:mixed:4${version}:600 deltas:60 hold:30`;
    const chat = createHeadlessChat(sdk, { id: `kill-${version}`, transport: transportTo(server.url) });
    const asked = chat.sendMessage({ text: question });
    await model.waitFor(({ key, deltasSent }) => key === question && deltasSent === 30);
    await expect.poll(() => lastText(chat).length).toBeGreaterThan(100);
    await restart();
    model.release(question);
    await asked;
    expect(chat.error).toBeUndefined();
    expect(lastText(chat)).toBe(scriptedAnswer(question));
    expect(chat.messages).toHaveLength(2);
    expectAskedOnce(question, 1);
  });

  it("resumes on a refreshed page, and shows the answer once", async () => {
    const { server, model, expectAskedOnce } = world;
    const question = `script:mixed:5${version}:600 deltas:60 hold:30`;
    const id = `refresh-${version}`;
    void createHeadlessChat(sdk, { id, transport: transportTo(server.url) }).sendMessage({ text: question });
    await model.waitFor(({ key, deltasSent }) => key === question && deltasSent === 30);

    const transport = transportTo(server.url);
    const refreshed = createHeadlessChat(sdk, { id, transport, messages: await transport.readMessages(id) });
    const resumed = refreshed.resumeStream();
    await expect.poll(() => lastText(refreshed).length).toBeGreaterThan(100);
    model.release(question);
    await resumed;
    expect(refreshed.status).toBe("ready");
    expect(lastText(refreshed)).toBe(scriptedAnswer(question));
    expect(refreshed.messages.map(({ role }) => role)).toEqual(["user", "assistant"]);
    expect(textOf((await transport.readMessages(id)).at(-1))).toBe(scriptedAnswer(question));
    await refreshed.resumeStream();
    expect(refreshed.status).toBe("ready");
    expectAskedOnce(question);
  });

  it("stops the generation, and the next question waits until it has ended", async () => {
    const { server, model, expectAskedOnce } = world;
    const question = `script:mixed:6${version}:600 deltas:60 hold:20`;
    const chat = createHeadlessChat(sdk, { id: `stop-${version}`, transport: transportTo(server.url) });
    const asked = chat.sendMessage({ text: question });
    await expect.poll(() => lastText(chat).length).toBeGreaterThan(50);
    await chat.stop();
    await asked;
    expect(chat.status).toBe("ready");
    const next = `script:plain:6${version}:80`;
    await chat.sendMessage({ text: next });
    expect(chat.error).toBeUndefined();
    expect(lastText(chat)).toBe(scriptedAnswer(next));
    await model.waitFor(({ key, outcome }) => key === question && outcome === "aborted");
    expectAskedOnce(question);
  });

  it("stops a resumed generation, over a connection that was cut before", async () => {
    const { server, model } = world;
    const question = `script:mixed:7${version}:600 deltas:60 hold:20`;
    const id = `stop-resumed-${version}`;
    void createHeadlessChat(sdk, { id, transport: transportTo(server.url) }).sendMessage({ text: question });
    await model.waitFor(({ key, deltasSent }) => key === question && deltasSent === 20);

    await using proxy = await openFaultyProxy({ target: server, seed: version });
    const transport = transportTo(proxy.url);
    const resumed = createHeadlessChat(sdk, { id, transport, messages: await transport.readMessages(id) });
    const resuming = resumed.resumeStream();
    await expect.poll(() => lastText(resumed).length).toBeGreaterThan(50);
    proxy.cutAll();
    // The signal of a resumed stream came with version 6.
    await (version === 5 ? transport.stop(id) : resumed.stop());
    await resuming;
    expect(resumed.status).toBe("ready");
    await model.waitFor(({ key, outcome }) => key === question && outcome === "aborted");
    await expect
      .poll(async () => (await transport.readMessages(id)).at(-1)?.metadata)
      .toMatchObject({ state: "stopped" });
  });

  it("edits a question, and the answers after it go with the old one", async () => {
    const [first, edited, next] = ["a", "b", "c"].map((name) => `script:plain:9${version}:80:${name}`) as [
      string,
      string,
      string,
    ];
    const chat = createHeadlessChat(sdk, { id: `edit-${version}`, transport: transportTo(world.server.url) });
    await chat.sendMessage({ text: first });
    await chat.sendMessage({ text: edited, messageId: chat.messages[0]?.id ?? "" });
    await chat.sendMessage({ text: next });
    expect(chat.error).toBeUndefined();
    expect(lastText(chat)).toBe(scriptedAnswer(next));
    const { messages } = world.model.requests.at(-1)?.body ?? {};
    expect(messages).toMatchObject([{ content: edited }, { content: scriptedAnswer(edited) }, { content: next }]);
  });

  it("makes an answer again in place of the last one", async () => {
    const { server, model } = world;
    const question = `script:plain:8${version}:80`;
    const transport = transportTo(server.url);
    const chat = createHeadlessChat(sdk, { id: `again-${version}`, transport });
    await chat.sendMessage({ text: question });
    await chat.regenerate();
    expect(chat.error).toBeUndefined();
    expect(chat.messages).toHaveLength(2);
    expect(lastText(chat)).toBe(scriptedAnswer(question));
    expect(model.count(question)).toBe(2);
  });

  it("fails with the server's problem where a question is refused", async () => {
    const transport = createTypebarTransport({ api: `${world.server.url}/api/chat`, body: { model: "none/such" } });
    const chat = createHeadlessChat(sdk, { id: `refused-${version}`, transport });
    await chat.sendMessage({ text: "Hello" });
    expect(chat.status).toBe("error");
    expect(chat.error).toMatchObject({ code: "rejected", status: 400, problem: { code: "unknown-model" } });
  });
});
