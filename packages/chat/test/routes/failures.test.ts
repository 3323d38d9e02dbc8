/** Answers that go wrong: the provider fails in each way, a limit passes, somebody stops it, the store refuses. */
import { LogError, type RecordLog } from "@typebar/log";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { ProviderError, type ProviderPart } from "../../src/provider/provider.ts";
import type { Answer } from "./answer.ts";
import { checkWhole, chunksOf, endOf, textOf, typesOf } from "./blocks.ts";
import { type ChatServer, openChatServer } from "./chat-server.ts";
import { createFakeProvider, echoOf, failing, finish, say, silence, think } from "./fake-provider.ts";

const errorTextOf = (answer: Answer): string =>
  chunksOf(answer.blocks)
    .map((chunk) => (chunk.type === "error" ? chunk.errorText : ""))
    .join("");

async function partsOf(chat: ChatServer, answer: Answer): Promise<unknown> {
  return (await chat.read(answer.conversationId)).messages[1]?.parts;
}

/** Reads until this text has come. */
const untilText = (answer: Answer, text: string): Promise<unknown> =>
  answer.until(() => textOf(answer.blocks) === text);

describe("a provider that fails", () => {
  let chat: ChatServer;
  beforeAll(async () => {
    chat = await openChatServer();
  });
  afterAll(() => chat[Symbol.asyncDispose]());

  test.each([
    "provider-unauthorized",
    "provider-rate-limited",
    "provider-rejected",
    "provider-unavailable",
    "provider-error",
    "provider-incomplete",
  ] as const)("with %s before its first word says so and keeps nothing", async (code) => {
    chat.provider.script(code, failing(new ProviderError(code, `A safe sentence about ${code}.`)));
    const answer = await chat.ask(code);
    expect(answer.status).toBe(200);
    checkWhole(answer.blocks);
    expect(typesOf(answer.blocks)).toEqual(["start", "message-metadata", "error", "close"]);
    expect(endOf(answer.blocks)).toEqual({ state: "failed", code });
    expect(errorTextOf(answer)).toBe(`A safe sentence about ${code}.`);
    expect(await partsOf(chat, answer)).toEqual([]);
    expect((await chat.read(answer.conversationId)).messages[1]?.metadata).toMatchObject({ state: "failed", code });
  });

  test("in the middle keeps what it said, closes what was open, and can be asked again", async () => {
    chat.provider.script("breaks", async function* () {
      yield think("hm");
      yield say("half an ans");
      throw new ProviderError("provider-error", "The provider broke off.", { retryAfterMs: 1 });
    });
    const before = chat.provider.requests.length;
    const answer = await chat.ask("breaks");
    checkWhole(answer.blocks);
    expect(endOf(answer.blocks)).toEqual({ state: "failed", code: "provider-error" });
    expect(await partsOf(chat, answer)).toEqual([
      { type: "reasoning", text: "hm" },
      { type: "text", text: "half an ans" },
    ]);
    // What has been shown is never asked for a second time.
    expect(chat.provider.requests).toHaveLength(before + 1);
    const again = await chat.ask({ trigger: "regenerate-message", conversationId: answer.conversationId });
    expect(endOf(again.blocks).state).toBe("failed");
  });

  test("by ending without a finish has not answered", async () => {
    chat.provider.script("no end", async function* () {
      yield say("almost all");
    });
    const answer = await chat.ask("no end");
    checkWhole(answer.blocks);
    expect(endOf(answer.blocks)).toEqual({ state: "failed", code: "provider-incomplete" });
    expect(textOf(answer.blocks)).toBe("almost all");
  });

  test("by a bug of ours says nothing of it, but reports it", async () => {
    chat.provider.script("bug", async function* (): AsyncGenerator<ProviderPart> {
      yield say("x");
      throw new TypeError("secret sk-123 at /srv/typebar/file.ts");
    });
    const answer = await chat.ask("bug");
    checkWhole(answer.blocks);
    expect(endOf(answer.blocks)).toEqual({ state: "failed", code: "internal" });
    expect(answer.raw()).not.toMatch(/sk-123|srv/);
    expect(chat.reports.some((report) => report.includes("secret"))).toBe(true);
  });

  test("by asking to wait is asked again, and then answers", async () => {
    let asks = 0;
    chat.provider.script("wait", async function* () {
      asks += 1;
      if (asks < 3) throw new ProviderError("provider-rate-limited", "Slow down.", { retryAfterMs: 5 });
      yield say("now");
      yield finish;
    });
    const answer = await chat.ask("wait");
    checkWhole(answer.blocks);
    expect(textOf(answer.blocks)).toBe("now");
    expect(asks).toBe(3);
  });

  test.each([
    ["again and again", 5, 3],
    ["for longer than the first token may take", 20_001, 1],
  ])("by asking to wait %s has failed", async (name, retryAfterMs, asks) => {
    const before = chat.provider.requests.length;
    chat.provider.script(name, failing(new ProviderError("provider-rate-limited", "Slow down.", { retryAfterMs })));
    const answer = await chat.ask(name);
    expect(endOf(answer.blocks)).toEqual({ state: "failed", code: "provider-rate-limited" });
    expect(chat.provider.requests.length - before).toBe(asks);
  });

  test("by listing no model leaves nothing to ask", async () => {
    const provider = createFakeProvider();
    provider.listModels = async () => [];
    await using empty = await openChatServer({ provider });
    const response = await empty.send("POST", "/api/chat", { message: "anybody?" });
    expect([response.status, await response.json()]).toMatchObject([503, { code: "no-model" }]);
    expect((await (await empty.fetch("/api/conversations")).json()) as unknown).toEqual({
      conversations: [],
      nextCursor: null,
    });
  });
});

describe("a limit", () => {
  test.each([
    ["first-token-timeout", { firstTokenMs: 40 }, []],
    ["silence-timeout", { silenceMs: 40 }, [say("be"), say("gun")]],
    ["total-timeout", { totalMs: 40 }, [say("be"), say("gun")]],
  ] as const)("that passes ends the answer and the provider's request: %s", async (code, limits, said) => {
    await using chat = await openChatServer({ limits });
    chat.provider.script("silent", async function* ({ signal }) {
      yield* said;
      await silence(signal);
    });
    const answer = await chat.ask("silent");
    checkWhole(answer.blocks);
    expect(endOf(answer.blocks)).toEqual({ state: "failed", code });
    expect(textOf(answer.blocks)).toBe(said.length === 0 ? "" : "begun");
    expect(chat.provider.requests[0]?.signal.aborted).toBe(true);
    expect(chat.provider.speaking).toBe(0);
  });
});

describe("a stop", () => {
  let chat: ChatServer;
  beforeAll(async () => {
    chat = await openChatServer();
    chat.provider.script("endless", async function* ({ signal }) {
      yield say("and so on");
      await silence(signal);
    });
    chat.provider.script("speechless", async function* ({ signal }) {
      await silence(signal);
      yield finish;
    });
  });
  afterAll(() => chat[Symbol.asyncDispose]());

  const stop = (answer: { generationId: string }, headers = {}): Promise<Response> =>
    chat.send("POST", `/api/generations/${answer.generationId}/stop`, {}, headers);

  test.each([
    ["in the middle", "endless", "and so on"],
    ["of a model that has said nothing", "speechless", ""],
  ])("%s ends the answer as stopped, and the provider's request at once", async (_name, question, text) => {
    const answer = await chat.open("/api/chat", { body: { message: question } });
    await answer.until(() => textOf(answer.blocks) === text && chat.provider.speaking === 1);
    const stopped = await stop(answer);
    expect([stopped.status, await stopped.json()]).toMatchObject([202, { id: answer.generationId }]);
    checkWhole(await answer.rest());
    expect(endOf(answer.blocks)).toEqual({ state: "stopped" });
    expect(typesOf(answer.blocks)).toContain("abort");
    expect(chat.provider.requests.at(-1)?.signal.aborted).toBe(true);
    expect(chat.provider.speaking).toBe(0);
    await chat.generations.settled(answer.generationId);
    expect(await partsOf(chat, answer)).toEqual(text === "" ? [] : [{ type: "text", text }]);
    const again = await stop(answer);
    expect([again.status, await again.json()]).toMatchObject([202, { state: "stopped" }]);
  });

  test("while the provider's wait is slept through ends it at once", async () => {
    chat.provider.script(
      "later",
      failing(new ProviderError("provider-rate-limited", "Slow down.", { retryAfterMs: 15_000 })),
    );
    const answer = await chat.open("/api/chat", { body: { message: "later" } });
    await answer.next();
    await stop(answer);
    checkWhole(await answer.rest());
    expect(endOf(answer.blocks)).toEqual({ state: "stopped" });
  });

  test("of an answer that has ended changes nothing", async () => {
    const answer = await chat.ask("done");
    const before = await chat.read(answer.conversationId);
    const stopped = await stop(answer);
    expect([stopped.status, await stopped.json()]).toMatchObject([202, { state: "completed" }]);
    expect(await chat.read(answer.conversationId)).toEqual(before);
  });

  test("of an answer that is only queued ends it before the model is asked", async () => {
    const begun = await chat.store.generations.begin({
      ownerId: "alice",
      trigger: "submit-message",
      conversationId: undefined,
      createConversation: false,
      text: "queued",
      messageId: undefined,
      chooseModel: () => "fake/one",
      keys: [],
      requestHash: "",
    });
    if (begun.type !== "begun") throw new Error(begun.type);
    const before = chat.provider.requests.length;
    const generationId = begun.generation.id;
    expect((await stop({ generationId })).status).toBe(202);
    const answer = await chat.open(`/api/generations/${generationId}/events`);
    checkWhole(await answer.rest());
    expect(endOf(answer.blocks)).toEqual({ state: "stopped" });
    expect(chat.provider.requests).toHaveLength(before);
  });

  test("of somebody else stops nothing", async () => {
    const answer = await chat.open("/api/chat", { body: { message: "endless" } });
    await untilText(answer, "and so on");
    expect((await stop(answer, { "x-owner": "mallory" })).status).toBe(404);
    expect(chat.provider.speaking).toBe(1);
    await stop(answer);
    await answer.rest();
  });
});

interface Refusing {
  chat: ChatServer;
  refuse: (refusing: boolean) => void;
  refusals: () => number;
}

/** A log whose appends are refused while the test says so. */
async function openRefusing(options: { storeGiveUpMs?: number } = {}): Promise<Refusing> {
  let refusing = false;
  let refusals = 0;
  const wrapLog = (log: RecordLog): RecordLog => ({
    ...log,
    async append(logId, expected, payloads) {
      if (!refusing) return log.append(logId, expected, payloads);
      refusals += 1;
      throw new LogError("unavailable", "the disk is full");
    },
  });
  const chat = await openChatServer({ wrapLog, generations: options });
  return { chat, refuse: (now) => void (refusing = now), refusals: () => refusals };
}

describe("an answer that is deleted", () => {
  test("between being found and being followed: its reader is cut off, and does not wait for what never comes", async () => {
    let removeLog: (() => Promise<void>) | undefined;
    await using chat = await openChatServer({
      wrapLog: (log) => ({
        ...log,
        async head(id) {
          const remove = removeLog;
          removeLog = undefined;
          await remove?.();
          return log.head(id);
        },
      }),
    });
    chat.provider.script("deleted", async function* ({ signal }) {
      yield say("be");
      await silence(signal);
    });
    const asked = await chat.open("/api/chat", { body: { message: "deleted" } });
    await untilText(asked, "be");
    // No other follower, whose feed would know of the log.
    await asked.leave();
    const { generationId, conversationId } = asked;
    removeLog = async () => {
      await chat.store.deleted.remove("alice", conversationId);
      await chat.log.expire(generationId, 0);
    };
    const follower = await chat.open(`/api/generations/${generationId}/events`);
    await follower.rest();
    expect([follower.status, follower.ended()]).toEqual([200, "cut"]);
    expect((await chat.fetch(`/api/generations/${generationId}/events`)).status).toBe(404);
  });
});

describe("a store that refuses", () => {
  test("for a while: the answer pauses, shows nothing that is not stored, and goes on exactly", async () => {
    const { chat, refuse, refusals } = await openRefusing();
    await using _chat = chat;
    const gate = Promise.withResolvers<void>();
    chat.provider.script("long", async function* () {
      yield say("before, ");
      await gate.promise;
      for (let index = 0; index < 50; index++) yield say(`${index} `);
      yield finish;
    });
    const answer = await chat.open("/api/chat", { body: { message: "long" } });
    await untilText(answer, "before, ");
    refuse(true);
    gate.resolve();
    while (refusals() < 2) await new Promise((resolve) => setTimeout(resolve, 5));
    const late = await chat.open(`/api/generations/${answer.generationId}/events`);
    await late.until((block) => block.event === "chunk" && block.chunk.type === "text-delta");
    expect(textOf(late.blocks)).toBe("before, ");
    await late.leave();
    refuse(false);
    checkWhole(await answer.rest());
    expect(textOf(answer.blocks)).toBe(`before, ${Array.from({ length: 50 }, (_, index) => `${index} `).join("")}`);
    expect(endOf(answer.blocks).state).toBe("completed");
  });

  test("for too long: the answer ends with an error once it can be stored, after all that was said before", async () => {
    const { chat, refuse } = await openRefusing({ storeGiveUpMs: 30 });
    await using _chat = chat;
    const gate = Promise.withResolvers<void>();
    chat.provider.script("long", async function* ({ signal }) {
      yield say("before, ");
      await gate.promise;
      yield say("after");
      await silence(signal);
    });
    const answer = await chat.open("/api/chat", { body: { message: "long" } });
    await untilText(answer, "before, ");
    refuse(true);
    gate.resolve();
    // The provider is let go of while the store still refuses.
    await silence(chat.provider.requests[0]?.signal ?? AbortSignal.abort()).catch(() => undefined);
    expect(textOf(answer.blocks)).toBe("before, ");
    refuse(false);
    checkWhole(await answer.rest());
    expect(textOf(answer.blocks)).toBe("before, after");
    expect(endOf(answer.blocks)).toEqual({ state: "failed", code: "store-unavailable" });
  });

  test("at the start: 503, nothing is asked, and the conversation is not stuck", async () => {
    const { chat, refuse } = await openRefusing();
    await using _chat = chat;
    const first = await chat.ask("first");
    const { conversationId } = first;
    refuse(true);
    const response = await chat.send("POST", "/api/chat", { message: "refused", conversationId });
    expect([response.status, response.headers.get("Retry-After")]).toEqual([503, "1"]);
    expect(await response.json()).toMatchObject({ code: "store-unavailable" });
    refuse(false);
    expect(chat.provider.requests).toHaveLength(1);
    const conversation = await chat.read(conversationId);
    expect(conversation.generationId).toBeNull();
    const failed = conversation.messages.at(-1);
    expect(failed?.metadata).toMatchObject({ state: "failed", code: "store-unavailable" });
    // Whoever follows the failed one gets its whole end, and then nothing more.
    const failedId = failed?.metadata?.generationId ?? "";
    const events = `/api/generations/${failedId}/events`;
    const end = await chat.open(events);
    checkWhole(await end.rest());
    expect(endOf(end.blocks)).toEqual({ state: "failed", code: "store-unavailable" });
    const over = await chat.open(events, { headers: { "Last-Event-ID": end.blocks.at(-1)?.id ?? "" } });
    expect(over.status).toBe(204);
    const next = await chat.ask({ message: "next", conversationId });
    expect(textOf(next.blocks)).toBe(echoOf("next"));
  });

  test("while reading: 503 before a stream is opened", async () => {
    let refusing = false;
    await using chat = await openChatServer({
      wrapLog: (log) => ({
        ...log,
        async read(logId, after, limit) {
          if (refusing) throw new LogError("unavailable", "the disk is gone");
          return log.read(logId, after, limit);
        },
      }),
    });
    const answer = await chat.ask("read me");
    refusing = true;
    const { response } = await chat.open(`/api/generations/${answer.generationId}/events`);
    expect([response.status, await response.json()]).toMatchObject([503, { code: "store-unavailable" }]);
  });

  test("when another has taken the generation, leaves it to that one", async () => {
    let fenced = false;
    await using chat = await openChatServer({
      wrapLog: (log) => ({
        ...log,
        async append(logId, expected, payloads) {
          if (fenced) return log.append(logId, expected, payloads);
          fenced = true;
          throw new LogError("fenced", "another writes");
        },
      }),
    });
    const answer = await chat.open("/api/chat", { body: { message: "taken" } });
    expect(answer.status).toBe(200);
    await chat.generations.sweep();
    checkWhole(await answer.rest());
    expect(textOf(answer.blocks)).toBe(echoOf("taken"));
  });
});

test("an error after the head destroys the socket, and nothing of it stands in the stream", async () => {
  const gate = Promise.withResolvers<void>();
  await using chat = await openChatServer({
    wrapStreams: (streams) => ({
      ...streams,
      async open(options) {
        await streams.open(options);
        await gate.promise;
        throw new Error("secret of the server");
      },
    }),
  });
  chat.provider.script("broken", async function* ({ signal }) {
    yield say("be");
    await silence(signal);
  });
  const answer = await chat.open("/api/chat", { body: { message: "broken" } });
  expect(answer.status).toBe(200);
  gate.resolve();
  await answer.rest();
  expect(answer.ended()).toBe("cut");
  expect(answer.raw()).not.toMatch(/secret|problem|internal/);
  expect(chat.reports).toEqual(["a response failed after its head: Error: secret of the server"]);
});

test("a record that nobody can read cuts the stream off, and the server lives", async () => {
  await using chat = await openChatServer({
    wrapLog: (log) => ({
      ...log,
      async read(logId, after, limit) {
        const page = await log.read(logId, after, limit);
        if (after.seq < 3 || page.type !== "records") return page;
        return { type: "records", records: page.records.map(({ seq, epoch }) => ({ seq, epoch, payload: "{\n" })) };
      },
    }),
  });
  const gate = Promise.withResolvers<void>();
  chat.provider.script("damaged", async function* () {
    yield say("whole");
    await gate.promise;
    yield say("damaged");
    yield finish;
  });
  const answer = await chat.open("/api/chat", { body: { message: "damaged" } });
  await untilText(answer, "whole");
  gate.resolve();
  await answer.rest().catch(() => undefined);
  expect(answer.raw()).not.toMatch(/problem|internal|"status"/);
  expect((await chat.fetch("/livez")).status).toBe(200);
});
