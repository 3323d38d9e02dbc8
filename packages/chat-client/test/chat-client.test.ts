/** The client over a real server: asked once, read whole, whatever breaks between them. */
import type { Chunk } from "@typebar/chat/protocol";
import { openFaultyProxy, scriptedAnswer, scriptedReasoning } from "@typebar/testing";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { ChatError, createMemoryStorage, reasoningOf, textOf } from "../src/index.ts";
import type { Answer, GenerationHandle } from "../src/index.ts";
import { openClient, openWorld } from "./world.ts";
import type { Watched, World } from "./world.ts";

let world: World;

beforeAll(async () => {
  world = await openWorld();
});
afterAll(() => world?.[Symbol.asyncDispose]());

/** Until the answer is so long; the handle stays open. */
async function untilLength(handle: GenerationHandle, length: number): Promise<Answer> {
  await expect.poll(() => textOf(handle.answer).length, { timeout: 15_000 }).toBeGreaterThanOrEqual(length);
  return handle.answer;
}

/** The text that came over the wire. */
function deltasOf({ data }: Watched): string {
  const chunks = data.filter((one) => one.startsWith("{")).map((one): Partial<Chunk> => JSON.parse(one));
  return chunks.map((chunk) => (chunk.type === "text-delta" ? chunk.delta : "")).join("");
}

function seqOf(eventId: string): number {
  return Number(eventId.slice(eventId.lastIndexOf(".") + 1));
}

describe("start", () => {
  it("gives the answer as it grows, and all of it", async () => {
    const { client } = openClient(world.server.url);
    const question = "script:mixed:1:800 deltas:60 delay:5 reasoning:60";
    await using handle = client.start({ message: question });
    const lengths: number[] = [];
    for await (const answer of handle) lengths.push(textOf(answer).length);
    const answer = await handle.done;
    expect(textOf(answer)).toBe(scriptedAnswer(question));
    expect(reasoningOf(answer)).toBe(scriptedReasoning(question));
    expect(answer).toMatchObject({ state: "completed", finishReason: "stop", closed: true, code: null });
    expect(answer.usage?.outputTokens).toBeGreaterThan(0);
    expect(lengths.length).toBeGreaterThan(10);
    expect(lengths).toEqual(lengths.toSorted((a, b) => a - b));
    expect(handle.connection.name).toBe("closed");
  });

  it("asks the model once for one key, from two devices", async () => {
    const question = "script:plain:2:300 deltas:20 delay:5";
    const [one, other] = [openClient(world.server.url), openClient(world.server.url)];
    const handles = [one, other].map(({ client }) => client.start({ message: question }, { key: "the-same-key" }));
    const answers = await Promise.all(handles.map((handle) => handle.done));
    expect(answers.map(textOf)).toEqual([scriptedAnswer(question), scriptedAnswer(question)]);
    expect(answers[0]?.generationId).toBe(answers[1]?.generationId);
    expect(world.model.count(question)).toBe(1);
  });

  it("makes a key of its own for each start", async () => {
    const { client, sent } = openClient(world.server.url);
    await client.start({ message: "script:plain:3:50" }).done;
    await client.start({ message: "script:plain:3:50" }).done;
    const keys = sent.map(({ headers }) => headers.get("Idempotency-Key"));
    expect(keys).toHaveLength(2);
    expect(keys).not.toContain(null);
    expect(new Set(keys).size).toBe(2);
  });

  it("says that a conversation is being answered, and by which generation", async () => {
    const { client } = openClient(world.server.url);
    const question = "script:plain:4:300 hold:2";
    await using first = client.start({ message: question });
    const { conversationId, generationId } = await untilLength(first, 1);
    const second = client.start({ message: "another", conversationId: conversationId ?? "" });
    await expect(second.done).rejects.toMatchObject({ code: "conversation-busy", generationId });
    await expect(second.done).rejects.toBeInstanceOf(ChatError);
    world.model.release(question);
    expect(textOf(await first.done)).toBe(scriptedAnswer(question));
  });

  it("throws the refusal to whoever iterates", async () => {
    const { client } = openClient(world.server.url);
    const read = async (): Promise<void> => {
      for await (const answer of client.start({ message: "x", model: "no/such" })) expect(answer).toBeUndefined();
    };
    await expect(read()).rejects.toMatchObject({ code: "unknown-model" });
  });

  it("tells a failed answer from a refused one, and keeps its text", async () => {
    const { client } = openClient(world.server.url);
    const answer = await client.start({ message: "script:plain:5:400 fault:no-end" }).done;
    expect(answer).toMatchObject({ state: "failed", code: "provider-incomplete", closed: true });
    expect(textOf(answer)).not.toBe("");
    expect(answer.errorText).not.toBe("");
  });

  it("stops reading when its loop is left, and the answer goes on at the server", async () => {
    const { client } = openClient(world.server.url);
    const question = "script:plain:6:300 deltas:30 hold:3";
    const handle = client.start({ message: question });
    for await (const answer of handle) if (textOf(answer) !== "") break;
    expect(handle.connection.name).toBe("closed");
    expect((await handle.done).closed).toBe(false);
    world.model.release(question);
    const whole = await client.follow(handle.answer.generationId ?? "").done;
    expect(textOf(whole)).toBe(scriptedAnswer(question));
  });
});

describe("stop", () => {
  it("ends the answer for all who follow it", async () => {
    const [here, there] = [openClient(world.server.url).client, openClient(world.server.url).client];
    await using asked = here.start({ message: "script:plain:7:300 hold:4" });
    const { generationId } = await untilLength(asked, 1);
    await using followed = there.follow(generationId ?? "");
    await untilLength(followed, 1);
    expect((await there.stop(generationId ?? "")).id).toBe(generationId);
    const answers = await Promise.all([asked.done, followed.done]);
    expect(answers.map(({ state, closed }) => [state, closed])).toEqual([
      ["stopped", true],
      ["stopped", true],
    ]);
  });
});

describe("resume", () => {
  it("finds what runs in a conversation, and nothing when nothing runs", async () => {
    const { client } = openClient(world.server.url);
    const question = "script:mixed:8:400 deltas:40 hold:20";
    const asked = client.start({ message: question });
    const { conversationId } = await untilLength(asked, 1);
    const other = openClient(world.server.url).client;
    const resumed = await other.resume(conversationId ?? "");
    world.model.release(question);
    expect(textOf((await resumed?.done) ?? asked.answer)).toBe(scriptedAnswer(question));
    await asked.done;
    expect(await other.resume(conversationId ?? "")).toBeNull();
    await expect(other.resume("no-such-conversation")).rejects.toMatchObject({ code: "not-found" });
  });

  it("goes on at the exact event after a reload, without a replay", async () => {
    const storage = createMemoryStorage();
    const before = openClient(world.server.url, { storage });
    const question = "script:mixed:9:900 deltas:90 hold:40";
    const asked = before.client.start({ message: question });
    const { conversationId } = await untilLength(asked, 200);
    // The page goes: nothing but what was stored is left.
    asked.close();
    const had = await asked.done;
    const after = openClient(world.server.url, { storage });
    const resumed = await after.client.resume(conversationId ?? "");
    world.model.release(question);
    const whole = (await resumed?.done) ?? had;
    expect(textOf(whole)).toBe(scriptedAnswer(question));
    expect(after.sent.at(-1)?.headers.get("Last-Event-ID")).toBe(asked.lastEventId);
    expect(textOf(had)).not.toBe("");
    expect(deltasOf(after)).toBe(scriptedAnswer(question).slice(textOf(had).length));
    expect(world.model.count(question)).toBe(1);
  });

  it("shows what was had before anything comes from the server", async () => {
    const storage = createMemoryStorage();
    const question = "script:plain:10:400 deltas:40 hold:20";
    const asked = openClient(world.server.url, { storage }).client.start({ message: question });
    const { generationId } = await untilLength(asked, 50);
    asked.close();
    const had = await asked.done;
    const { client, eventIds } = openClient(world.server.url, { storage });
    await using followed = client.follow(generationId ?? "");
    for await (const answer of followed) {
      expect(answer).toEqual(had);
      break;
    }
    expect(eventIds).toEqual([]);
    world.model.release(question);
  });

  it("forgets the place of what is whole", async () => {
    const kept = new Map<string, string>();
    let writes = 0;
    const storage = {
      getItem: (key: string) => kept.get(key) ?? null,
      setItem(key: string, value: string) {
        writes += 1;
        kept.set(key, value);
      },
      removeItem: (key: string) => kept.delete(key),
    };
    const { client } = openClient(world.server.url, { storage });
    await client.start({ message: "script:plain:11:300 deltas:30 delay:20" }).done;
    expect(writes).toBeGreaterThan(0);
    expect(kept.size).toBe(0);
  });

  it("takes up again what it let go of, and an event ID of the caller's own", async () => {
    const { client, sent, eventIds } = openClient(world.server.url);
    const question = "script:plain:12:600 deltas:60 hold:30";
    const asked = client.start({ message: question });
    const { generationId } = await untilLength(asked, 100);
    asked.close();
    const had = await asked.done;
    world.model.release(question);
    eventIds.length = 0;
    expect(textOf(await client.follow(generationId ?? "").done)).toBe(scriptedAnswer(question));
    expect(seqOf(eventIds[0] ?? "")).toBeGreaterThan(seqOf(asked.lastEventId));
    const own = { after: asked.lastEventId, answer: had };
    expect(textOf(await client.follow(generationId ?? "", own).done)).toBe(scriptedAnswer(question));
    expect(sent.at(-1)?.headers.get("Last-Event-ID")).toBe(asked.lastEventId);
  });
});

describe("a place that the server does not know as it was", () => {
  async function askWhole(question: string): Promise<{ id: string; answer: Answer; lastEventId: string }> {
    const handle = openClient(world.server.url).client.start({ message: question });
    const answer = await handle.done;
    return { id: answer.generationId ?? "", answer, lastEventId: handle.lastEventId };
  }

  it("is dropped at a reset, and the answer read anew", async () => {
    const question = "script:mixed:13:300";
    const { id, answer } = await askWhole(question);
    const { client, data } = openClient(world.server.url);
    // Another epoch than the record's: text that the server never kept.
    const other: Answer = { ...answer, closed: false, parts: [{ type: "text", id: "t0", text: "never said" }] };
    const read = await client.follow(id, { after: `${id}:99.3`, answer: other }).done;
    expect(data[0]).toContain("diverged");
    expect(textOf(read)).toBe(scriptedAnswer(question));
  });

  it.each([
    ["an ID that is none", (id: string) => `${id}:not-a-place`],
    ["what is no cursor", () => ""],
  ])("is read from the start where the storage holds %s", async (_name, lastEventId) => {
    const question = "script:mixed:14:200";
    const { id, answer } = await askWhole(question);
    const storage = createMemoryStorage();
    const stored = JSON.stringify({ version: 1, lastEventId: lastEventId(id), answer: { ...answer, closed: false } });
    await storage.setItem(`typebar:cursor:${id}`, lastEventId(id) === "" ? "{half" : stored);
    const { client } = openClient(world.server.url, { storage });
    expect(textOf(await client.follow(id).done)).toBe(scriptedAnswer(question));
  });
});

describe("a bad way to the server", () => {
  it.each([1, 2, 3, 4])("ends exact, asked once: seed %i", async (seed) => {
    const question = `script:mixed:${20 + seed}:1500 deltas:100 delay:3`;
    await using proxy = await openFaultyProxy({
      target: { port: world.server.port },
      seed,
      plan: (connection) => (connection < 6 ? { cutAfterBytes: 1200 + 900 * connection, splitBytes: 80 * seed } : {}),
    });
    const { client } = openClient(proxy.url);
    const handle = client.start({ message: question });
    const names = new Set<string>();
    handle.subscribe(() => {
      names.add(handle.connection.name);
      // Pauses are not what is tested here.
      handle.retryNow();
    });
    expect(textOf(await handle.done)).toBe(scriptedAnswer(question));
    expect(proxy.counts.cuts).toBeGreaterThan(1);
    expect([...names].toSorted()).toEqual(["closed", "connecting", "open", "waiting"]);
    expect(world.model.count(question)).toBe(1);
  });

  it("goes on after the server was killed and started again", async () => {
    const question = "script:mixed:30:900 deltas:90 delay:10";
    const { client } = openClient(world.server.url);
    const handle = client.start({ message: question });
    await untilLength(handle, 100);
    await world.server.kill("SIGKILL");
    await world.server.start();
    handle.retryNow();
    expect(textOf(await handle.done)).toBe(scriptedAnswer(question));
  });

  it("says so where nobody can be asked", async () => {
    const { client } = openClient("http://127.0.0.1:1");
    await expect(client.listModels()).rejects.toMatchObject({ code: "network" });
  });
});

describe("conversations and models", () => {
  it("are listed, read, renamed and deleted", async () => {
    const { client } = openClient(world.server.url);
    const created = await client.createConversation("Mine");
    expect((await client.listConversations(null, { limit: 100 })).conversations.map(({ id }) => id)).toContain(
      created.id,
    );
    expect((await client.renameConversation(created.id, "Yours")).title).toBe("Yours");
    expect((await client.readConversation(created.id)).title).toBe("Yours");
    await client.deleteConversation(created.id);
    await expect(client.readConversation(created.id)).rejects.toMatchObject({ code: "not-found" });
    expect((await client.listModels()).default).toContain("scripted");
  });

  it("can be asked for until somebody loses patience", async () => {
    const { client } = openClient(world.server.url);
    await expect(client.listModels({ signal: AbortSignal.abort(new Error("enough")) })).rejects.toThrow("enough");
  });
});

describe("a server with a password", () => {
  it("is told the headers of the moment, and refuses others", async () => {
    await using guarded = await openWorld({ TYPEBAR_PASSWORD: "open sesame" });
    let password = "wrong";
    let asked = 0;
    const { client } = openClient(guarded.server.url, {
      headers: async () => ({ Authorization: `Bearer ${password}` }),
      onUnauthorized: () => (asked += 1),
    });
    await expect(client.listModels()).rejects.toMatchObject({ code: "unauthorized" });
    await expect(client.start({ message: "x" }).done).rejects.toMatchObject({ code: "unauthorized" });
    expect(asked).toBe(2);
    password = "open sesame";
    const question = "script:plain:40:100";
    expect(textOf(await client.start({ message: question }).done)).toBe(scriptedAnswer(question));
  });
});
