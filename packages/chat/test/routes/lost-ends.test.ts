/** A real Redis that comes back without the end of an answer, which PostgreSQL's part has: whoever waits for it is shown what is stored. */
import { type RecordLog, start } from "@typebar/log";
import { openRedisLog } from "@typebar/log/redis";
import { openRedis, type Redis } from "@typebar/testing";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { createGenerations } from "../../src/generation/generations.ts";
import { createProviderRegistry } from "../../src/provider/registry.ts";
import { checkWhole, endOf, textOf } from "./blocks.ts";
import { type ChatServer, openChatServer } from "./chat-server.ts";
import { finish, say, silence } from "./fake-provider.ts";

const beginning = "What everybody has seen, ";
const rest = "and what was written just before Redis died.";
const redisTimeoutMs = 10_000;
const timeout = 20_000;

let redis: Redis;
beforeAll(async () => {
  redis = await openRedis({ persistence: "everysec" });
});
afterAll(() => redis.close());

interface World extends AsyncDisposable {
  /** The node that is followed. It reads nothing while it is cut off, and works on no answer. */
  chat: ChatServer;
  cutOff(): void;
  heal(): void;
  /** Settles when another node has written and stored the rest, and Redis has come back without it. */
  loseRest(): Promise<void>;
  /** The node that answers takes up what was asked. Settles when the beginning is written. */
  takeUp(): Promise<string>;
}

async function openWorld(): Promise<World> {
  const log = openRedisLog({ url: redis.url, timeoutMs: redisTimeoutMs });
  const plain = openRedisLog({ url: redis.url, timeoutMs: redisTimeoutMs });
  let cable: PromiseWithResolvers<void> | undefined;
  const cuttable: RecordLog = {
    ...log,
    [Symbol.asyncDispose]: () => log[Symbol.asyncDispose](),
    async read(...args) {
      await cable?.promise;
      return log.read(...args);
    },
  };
  const chat = await openChatServer({ wrapLog: () => cuttable, lostEndsMs: 50 });
  await chat.generations.drain(0);
  const { promise: going, resolve: goOn } = Promise.withResolvers<void>();
  chat.provider.script("lost", async function* ({ signal }) {
    yield say(beginning);
    await Promise.race([going, silence(signal)]);
    yield say(rest);
    yield finish;
  });
  const answering = createGenerations({
    log: plain,
    store: chat.store.generations,
    deleted: chat.store.deleted,
    providers: createProviderRegistry({ providers: [chat.provider] }),
    limits: { firstTokenMs: 20_000, silenceMs: 20_000, totalMs: 60_000 },
    continuation: "auto",
    maxTakeovers: 3,
    logTtlSeconds: 60,
    holder: "answering",
    sweepMs: 600_000,
    report: (message, error) => chat.reports.push(`${message}: ${String(error)}`),
  });
  let id = "";
  return {
    chat,
    cutOff: () => void (cable = Promise.withResolvers()),
    heal() {
      cable?.resolve();
      cable = undefined;
    },
    async takeUp() {
      await vi.waitFor(async () => {
        [id = ""] = (await chat.store.generations.unfinished()).map((row) => row.id);
        expect(id).not.toBe("");
      });
      await answering.sweep();
      await vi.waitFor(async () => {
        const page = await plain.read(id, start, { count: 100, chars: 10_000 });
        expect(JSON.stringify(page)).toContain(beginning);
      });
      return id;
    },
    async loseRest() {
      const copy = redis.copyData();
      goOn();
      await answering.settled(id);
      expect(await chat.store.generations.find("alice", id)).toMatchObject({ state: "completed" });
      await redis.restart({ data: copy });
      await vi.waitFor(() => plain.head(id), { timeout: redisTimeoutMs });
    },
    async [Symbol.asyncDispose]() {
      await answering.drain(0);
      await chat[Symbol.asyncDispose]();
      await log[Symbol.asyncDispose]();
      await plain[Symbol.asyncDispose]();
    },
  };
}

test("who waits for the lost end of an answer is cut off, and shown it from what is stored", { timeout }, async () => {
  await using world = await openWorld();
  const { chat } = world;
  const asked = chat.open("/api/chat", { body: { message: "lost" } });
  await world.takeUp();
  const follower = await asked;
  await follower.until(() => textOf(follower.blocks) === beginning);
  world.cutOff();
  await world.loseRest();
  world.heal();
  const blocks = await follower.rest();
  expect(follower.ended()).toBe("cut");
  expect(textOf(blocks)).toBe(beginning);
  const back = await chat.open(`/api/generations/${follower.generationId}/events`, {
    headers: { "Last-Event-ID": blocks.at(-1)?.id ?? "" },
  });
  const [reset, ...shown] = await back.rest();
  expect(reset?.event).toBe("reset");
  checkWhole(shown);
  expect(textOf(shown)).toBe(beginning + rest);
  expect(endOf(shown).state).toBe("completed");
});

test("who waits for a whole answer in JSON is given what is stored", { timeout }, async () => {
  await using world = await openWorld();
  const { chat } = world;
  world.cutOff();
  const asked = chat.send("POST", "/v1/chat/completions", {
    messages: [{ role: "user", content: "lost" }],
  });
  await world.takeUp();
  await world.loseRest();
  world.heal();
  expect(await (await asked).json()).toMatchObject({ choices: [{ message: { content: beginning + rest } }] });
});

test("who follows an answer that goes on is left alone, however often it is looked at", async () => {
  await using world = await openWorld();
  const { chat } = world;
  const ended = vi.spyOn(chat.store.generations, "ended");
  const asked = chat.open("/api/chat", { body: { message: "lost" } });
  const id = await world.takeUp();
  const follower = await asked;
  await follower.until(() => textOf(follower.blocks) === beginning);
  await vi.waitFor(() => expect(ended.mock.calls.length).toBeGreaterThan(3), { timeout: 5000 });
  expect(ended.mock.calls.every(([ids]) => ids.includes(id))).toBe(true);
  expect(follower.ended()).toBeUndefined();
  await follower.leave();
});
