/** An answer that one process leaves and another goes on with: handed over, stopped, taken up too often, already ended. */
import { LogError } from "@typebar/log";
import { describe, expect, test, vi } from "vitest";
import { createGenerations, type Generations, type GenerationsOptions } from "../../src/generation/generations.ts";
import type { ContinuationRung } from "../../src/provider/provider.ts";
import { createProviderRegistry } from "../../src/provider/registry.ts";
import type { Answer } from "./answer.ts";
import { type Block, checkWhole, endOf, textOf, typesOf } from "./blocks.ts";
import { type ChatServer, openChatServer } from "./chat-server.ts";
import { createFakeProvider, finish, say, silence, think } from "./fake-provider.ts";

const kept = "Kept text that is long enough to be judged: ";

/** A server whose answer to `question` is left in the middle by its process. */
async function openLeft(
  continuations: readonly ContinuationRung[],
  beginning: readonly ReturnType<typeof say>[] = [say(kept)],
): Promise<{ chat: ChatServer; left: Answer }> {
  const chat = await openChatServer({ provider: createFakeProvider({ continuations }) });
  chat.provider.script("left", async function* ({ signal }) {
    yield* beginning;
    await silence(signal);
  });
  const left = await chat.open("/api/chat", { body: { message: "left" } });
  // The last delta of the beginning has been stored.
  await left.until(
    () =>
      textOf(left.blocks) + textOf(left.blocks, "reasoning-delta") ===
      beginning.map((part) => ("text" in part ? part.text : "")).join(""),
  );
  await chat.generations.drain(0);
  return { chat, left };
}

/** The next process: another set of generations over the same log and store. */
function openNext(chat: ChatServer, options: Partial<GenerationsOptions> = {}): Generations {
  return createGenerations({
    log: chat.log,
    store: chat.store.generations,
    deleted: chat.store.deleted,
    providers: createProviderRegistry({ providers: [chat.provider] }),
    limits: { firstTokenMs: 20_000, silenceMs: 20_000, totalMs: 60_000 },
    continuation: "auto",
    maxTakeovers: 3,
    logTtlSeconds: 60,
    // Only when it is told to.
    sweepMs: 600_000,
    holder: "next",
    report: (message, error) => chat.reports.push(`${message}: ${String(error)}`),
    ...options,
  });
}

async function readWhole(chat: ChatServer, { generationId }: Answer): Promise<Block[]> {
  const answer = await chat.open(`/api/generations/${generationId}/events`);
  const blocks = await answer.rest();
  checkWhole(blocks);
  return blocks;
}

describe("an answer that this node could not begin", () => {
  test("is left to the node that could: what that one stored stays", async () => {
    const { promise: othersEnd, resolve: onOthersEnd } = Promise.withResolvers<void>();
    await using chat = await openChatServer({
      wrapLog: (log) => ({
        ...log,
        [Symbol.asyncDispose]: () => log[Symbol.asyncDispose](),
        async acquire() {
          await othersEnd;
          throw new LogError("unavailable", "this node is cut off from its log");
        },
      }),
    });
    const opening = chat.open("/api/chat", { body: { message: "hello" } });
    const other = openNext(chat);
    let id: string | undefined;
    while (id === undefined) {
      await new Promise(setImmediate);
      [id] = (await chat.store.generations.unfinished()).map((row) => row.id);
    }
    await other.sweep();
    await other.settled(id);
    onOthersEnd();
    const asked = await opening;
    const blocks = await asked.rest();
    checkWhole(blocks);
    expect(endOf(blocks).state).toBe("completed");
    const { messages } = await chat.read(asked.conversationId);
    expect(messages[1]).toMatchObject({ parts: [{ text: textOf(blocks) }], metadata: { state: "completed" } });
    await other.drain(0);
  });
});

describe("an answer that was just asked for at another node", () => {
  test("is taken up at the second look, and only by the node whose share it is", async () => {
    const { promise: over, resolve: onOver } = Promise.withResolvers<void>();
    await using chat = await openChatServer({
      wrapLog: (log) => ({
        ...log,
        [Symbol.asyncDispose]: () => log[Symbol.asyncDispose](),
        async acquire() {
          await over;
          return undefined;
        },
      }),
    });
    const opening = chat.open("/api/chat", { body: { message: "hello" } });
    let id: string | undefined;
    while (id === undefined) {
      await new Promise(setImmediate);
      [id] = (await chat.store.generations.unfinished()).map((row) => row.id);
    }
    const notMine = openNext(chat, { nodes: { isMine: () => false } });
    const mine = openNext(chat, { nodes: { isMine: () => true } });
    for (let look = 0; look < 3; look++) await notMine.sweep();
    await mine.sweep();
    expect(await chat.log.head(id)).toBeUndefined();
    await mine.sweep();
    await mine.settled(id);
    onOver();
    const blocks = await (await opening).rest();
    checkWhole(blocks);
    expect(endOf(blocks).state).toBe("completed");
    await Promise.all([notMine.drain(0), mine.drain(0)]);
  });
});

describe("an answer that is stored, and whose log has lost its end", () => {
  test("is shown from what is stored, and to whoever saw more with a reset", async () => {
    await using chat = await openChatServer();
    const asked = await chat.open("/api/chat", { body: { message: "hello" } });
    const whole = await asked.rest();
    await chat.generations.settled(asked.generationId);
    // As after a restart of a store that forgets: the log begins again, and nobody will go on with it.
    await chat.log.expire(asked.generationId, 0);
    const lease = await chat.log.acquire(asked.generationId, { holder: "lost", ttlMs: 1 });
    await chat.log.append(asked.generationId, { epoch: lease?.epoch ?? 0, seq: 0 }, [
      '{"type":"start","messageId":"x"}',
    ]);
    expect(textOf(await readWhole(chat, asked))).toBe(textOf(whole));
    const headers = { "Last-Event-ID": whole[2]?.id ?? "" };
    const again = await chat.open(`/api/generations/${asked.generationId}/events`, { headers });
    const [reset, ...shown] = await again.rest();
    expect(reset?.event).toBe("reset");
    checkWhole(shown);
    expect(textOf(shown)).toBe(textOf(whole));
  });
});

describe("an answer that ended since it was found", () => {
  test("is not begun again, though its log has expired", async () => {
    await using chat = await openChatServer();
    const asked = await chat.open("/api/chat", { body: { message: "hello" } });
    checkWhole(await asked.rest());
    await chat.generations.settled(asked.generationId);
    const row = await chat.store.generations.find("alice", asked.generationId);
    await chat.log.expire(asked.generationId, 0);
    const found = row && { ...row, state: "running" as const };
    const late = openNext(chat, {
      store: {
        ...chat.store.generations,
        unfinished: async () => (found ? [found] : []),
        readUnfinished: async () => found,
      },
    });
    await late.sweep();
    await late.settled(asked.generationId);
    expect(await chat.log.head(asked.generationId)).toBeUndefined();
    expect(chat.provider.requests).toHaveLength(1);
  });
});

describe("an answer that another process ended while this one was frozen on its way to it", () => {
  test("keeps its log", async () => {
    const { chat, left } = await openLeft(["prefill"]);
    await using _ = chat;
    chat.provider.script("left", async function* () {
      yield say("the rest");
      yield finish;
    });
    const { promise: frozen, resolve: onFrozen } = Promise.withResolvers<void>();
    const { promise: thawed, resolve: thaw } = Promise.withResolvers<void>();
    const sleeper = openNext(chat, {
      leaseTtlMs: 1,
      store: {
        ...chat.store.generations,
        async addTakeover(...args) {
          onFrozen();
          await thawed;
          return chat.store.generations.addTakeover(...args);
        },
      },
    });
    await sleeper.sweep();
    await frozen;
    const other = openNext(chat, { holder: "other" });
    let end: string | undefined;
    while (end !== "completed") {
      await other.sweep();
      await other.settled(left.generationId);
      await new Promise(setImmediate);
      end = (await chat.store.generations.find("alice", left.generationId))?.state;
    }
    thaw();
    await sleeper.settled(left.generationId);
    expect((await chat.log.head(left.generationId))?.seq).toBeGreaterThan(0);
    await Promise.all([sleeper.drain(0), other.drain(0)]);
  });
});

describe("an answer that was taken from this node before it hands it over", () => {
  test("counts as cut off all the same", async () => {
    const chat = await openChatServer({
      provider: createFakeProvider({ continuations: ["prefill"] }),
      wrapLog: (log) => ({
        ...log,
        [Symbol.asyncDispose]: () => log[Symbol.asyncDispose](),
        // By the store's clock the lease is over at once, and this node has not looked since.
        async acquire(id, { holder }) {
          const lease = await log.acquire(id, { holder, ttlMs: 1 });
          return lease && { ...lease, ttlMs: 600_000 };
        },
      }),
    });
    await using _ = chat;
    chat.provider.script("left", async function* ({ signal }) {
      yield say(kept);
      await silence(signal);
    });
    const { generationId, ...answer } = await chat.open("/api/chat", { body: { message: "left" } });
    await answer.until(() => textOf(answer.blocks) === kept);
    const other = openNext(chat, { holder: "other" });
    while (chat.provider.requests.length < 2) {
      await other.sweep();
      await new Promise(setImmediate);
    }
    await chat.generations.drain(0);
    expect(await chat.store.generations.find("alice", generationId)).toMatchObject({ takeovers: 1 });
    await other.drain(0);
  });
});

describe("an answer that was handed over", () => {
  test("goes on in the open text part, with the next epoch, and shows nothing twice", async () => {
    const { chat, left } = await openLeft(["prefill"]);
    await using _chat = chat;
    chat.provider.script("left", async function* ({ continuation }) {
      expect(continuation).toEqual({ rung: "prefill", keptText: kept });
      yield say("the rest.");
      yield finish;
    });
    const following = left.rest();
    const next = openNext(chat);
    await next.sweep();
    await next.settled(left.generationId);
    expect(chat.provider.requests).toHaveLength(2);
    checkWhole(await following);
    expect(textOf(left.blocks)).toBe(`${kept}the rest.`);
    expect(typesOf(left.blocks)).toEqual([
      "start",
      "text-start",
      "text-delta",
      "text-delta",
      "text-end",
      "message-metadata",
      "finish",
      "close",
    ]);
    expect(left.blocks.map(({ id }) => id.split(":")[1])).toEqual([
      "1.1",
      "1.2",
      "1.3",
      "2.4",
      "2.5",
      "2.6",
      "2.7",
      "2.8",
    ]);
    // An old ID goes on over the change of epoch; one that claims the new epoch for an old record does not.
    const old = await chat.open(`/api/generations/${left.generationId}/events`, {
      headers: { "Last-Event-ID": `${left.generationId}:1.3` },
    });
    expect(textOf(await old.rest())).toBe("the rest.");
    const wrong = await chat.open(`/api/generations/${left.generationId}/events`, {
      headers: { "Last-Event-ID": `${left.generationId}:2.3` },
    });
    expect((await wrong.next())?.event).toBe("reset");
    await wrong.leave();
    await next.drain(0);
  });

  test("begins its unfinished reasoning anew as another part", async () => {
    const { chat, left } = await openLeft([], [think("half a thou")]);
    await using _chat = chat;
    chat.provider.script("left", async function* ({ continuation }) {
      expect(continuation).toBeUndefined();
      yield think("a whole thought");
      yield say("said");
      yield finish;
    });
    const next = openNext(chat);
    await next.sweep();
    await next.settled(left.generationId);
    await readWhole(chat, left);
    expect((await chat.read(left.conversationId)).messages[1]?.parts).toEqual([
      { type: "reasoning", text: "half a thou" },
      { type: "reasoning", text: "a whole thought" },
      { type: "text", text: "said" },
    ]);
    await next.drain(0);
  });

  test("is tried by the next rung where one leads nowhere, and nothing of it is shown", async () => {
    const { chat, left } = await openLeft(["prefill", "prompt"]);
    await using _chat = chat;
    chat.provider.script("left", async function* ({ continuation }) {
      if (continuation?.rung === "prefill") yield say(`${kept.slice(0, 40)}something else entirely`);
      else yield say(`${kept.slice(-20)}the rest.`);
      yield finish;
    });
    const next = openNext(chat);
    await next.sweep();
    await next.settled(left.generationId);
    expect(textOf(await readWhole(chat, left))).toBe(`${kept}the rest.`);
    await next.drain(0);
  });

  test.each([
    [[], "continuation-unsupported"],
    [["prefill"], "continuation-diverged"],
  ] as const)("keeps its text and ends as interrupted where it cannot go on: %j", async (rungs, code) => {
    const { chat, left } = await openLeft(rungs);
    await using _chat = chat;
    chat.provider.script("left", async function* () {
      yield say(`${kept.slice(0, 36)} but no.`);
      yield finish;
    });
    const next = openNext(chat);
    await next.sweep();
    await next.settled(left.generationId);
    const blocks = await readWhole(chat, left);
    expect(endOf(blocks)).toEqual({ state: "interrupted", code });
    expect(textOf(blocks)).toBe(kept);
    const message = (await chat.read(left.conversationId)).messages[1];
    expect(message).toMatchObject({ parts: [{ type: "text", text: kept }], metadata: { state: "interrupted", code } });
    await next.drain(0);
  });

  test("ends as interrupted when it was cut off too often", async () => {
    const { chat, left } = await openLeft(["prefill"]);
    await using _chat = chat;
    // Three processes that took it up and died, of which the first was handed it.
    for (let died = 0; died < 3; died++) await chat.store.generations.addTakeover(left.generationId);
    const last = openNext(chat, { maxTakeovers: 2 });
    await last.sweep();
    await last.settled(left.generationId);
    const blocks = await readWhole(chat, left);
    expect(endOf(blocks)).toEqual({ state: "interrupted", code: "attempts-exhausted" });
    expect(textOf(blocks)).toBe(kept);
    await last.drain(0);
  });

  test("goes on though what is not needed any more cannot be let go", async () => {
    const { chat, left } = await openLeft(["prefill"]);
    await using _chat = chat;
    chat.provider.script("left", async function* () {
      yield say("and the rest.");
      yield finish;
    });
    const removeHidden = vi.fn<() => Promise<void>>().mockRejectedValue(new Error("refused"));
    const next = openNext(chat, { store: { ...chat.store.generations, removeHidden } });
    await next.sweep();
    await next.settled(left.generationId);
    expect(textOf(await readWhole(chat, left))).toBe(`${kept}and the rest.`);
    expect(chat.reports.join()).toContain("refused");
    await next.drain(0);
  });

  test("may be handed over any number of times: nothing went wrong", async () => {
    const { chat, left } = await openLeft(["prefill"]);
    await using _chat = chat;
    chat.provider.script("left", async function* ({ signal }) {
      yield think("A little.");
      await silence(signal);
    });
    for (let round = 0; round < 4; round++) {
      const next = openNext(chat, { maxTakeovers: 1 });
      await next.sweep();
      await next.drain(0);
    }
    chat.provider.script("left", async function* () {
      yield say("and the rest.");
      yield finish;
    });
    const last = openNext(chat, { maxTakeovers: 1 });
    await last.sweep();
    await last.settled(left.generationId);
    const blocks = await readWhole(chat, left);
    expect(endOf(blocks)).toMatchObject({ state: "completed" });
    expect(textOf(blocks)).toBe(`${kept}and the rest.`);
    await last.drain(0);
  });

  test("that somebody stops while nobody works on it ends as stopped, without asking the model", async () => {
    for (const rungs of [["prefill"], []] as const) {
      const { chat, left } = await openLeft(rungs);
      await using _chat = chat;
      const next = openNext(chat);
      const row = await chat.store.generations.find("alice", left.generationId);
      if (!row) throw new Error("the generation is gone");
      await next.stop(row);
      await next.settled(left.generationId);
      const blocks = await readWhole(chat, left);
      expect(endOf(blocks)).toEqual({ state: "stopped" });
      expect(textOf(blocks)).toBe(kept);
      expect(chat.provider.requests).toHaveLength(1);
      await next.drain(0);
    }
  });

  test("is left alone by a second process while the first works on it", async () => {
    const { chat, left } = await openLeft(["prefill"]);
    await using _chat = chat;
    const gate = Promise.withResolvers<void>();
    chat.provider.script("left", async function* () {
      await gate.promise;
      yield say("the rest.");
      yield finish;
    });
    const [one, two] = [openNext(chat), openNext(chat)];
    await Promise.all([one.sweep(), two.sweep(), one.sweep(), two.sweep()]);
    gate.resolve();
    await Promise.all([one.settled(left.generationId), two.settled(left.generationId)]);
    expect(textOf(await readWhole(chat, left))).toBe(`${kept}the rest.`);
    expect(chat.provider.requests).toHaveLength(2);
    await Promise.all([one.drain(0), two.drain(0)]);
  });
});

test("an end that was stored but not projected is projected by the next process, without asking the model", async () => {
  let projects = 0;
  await using chat = await openChatServer({
    wrapStore: (store) => ({
      ...store,
      generations: {
        ...store.generations,
        // The process dies at this point, once.
        project: async (id, projection) => {
          projects += 1;
          if (projects === 1) throw new Error("gone");
          return store.generations.project(id, projection);
        },
      },
    }),
  });
  const answer = await chat.open("/api/chat", { body: { message: "ended" } });
  await answer.rest();
  await chat.generations.settled(answer.generationId);
  expect((await chat.read(answer.conversationId)).messages[1]?.parts).toEqual([]);
  const next = openNext(chat);
  await next.sweep();
  await next.settled(answer.generationId);
  const { messages, generationId } = await chat.read(answer.conversationId);
  expect(generationId).toBeNull();
  expect(messages[1]).toMatchObject({ parts: [{ type: "text" }], metadata: { state: "completed" } });
  expect(chat.provider.requests).toHaveLength(1);
  await next.drain(0);
});

test("a log whose process died between the projection and its expiry is let go by the next process", async () => {
  await using chat = await openChatServer({
    wrapLog: (log) => ({
      ...log,
      // The process dies at this point.
      expire: async () => {
        throw new Error("gone");
      },
      [Symbol.asyncDispose]: () => log[Symbol.asyncDispose](),
    }),
  });
  const answer = await chat.open("/api/chat", { body: { message: "ended" } });
  checkWhole(await answer.rest());
  await chat.generations.settled(answer.generationId);
  const next = openNext(chat, { logTtlSeconds: 0 });
  await next.sweep();
  expect(await chat.log.head(answer.generationId)).toBeUndefined();
  expect(await chat.store.generations.withKeptLogs(10)).toEqual([]);
  // What is stored is all there is, and it is enough.
  checkWhole(await (await chat.open(`/api/generations/${answer.generationId}/events`)).rest());
  await next.drain(0);
});

test("a server that drains lets its answers finish, and cuts its streams off", async () => {
  await using chat = await openChatServer();
  const gate = Promise.withResolvers<void>();
  chat.provider.script("finishing", async function* () {
    yield say("be");
    await gate.promise;
    yield say("gun");
    yield finish;
  });
  const answer = await chat.open("/api/chat", { body: { message: "finishing" } });
  await answer.until((block) => block.event === "chunk" && block.chunk.type === "text-delta");
  await chat.streams.close();
  await answer.rest();
  expect(answer.ended()).toBe("cut");
  const drained = chat.generations.drain(10_000);
  gate.resolve();
  await drained;
  expect(chat.streams.openCount).toBe(0);
  expect((await chat.read(answer.conversationId)).messages[1]).toMatchObject({
    parts: [{ type: "text", text: "begun" }],
    metadata: { state: "completed" },
  });
});
