/** What an observer is told of each answer: how it began, that its model was asked and spoke, how it ended. */
import { describe, expect, test } from "vitest";
import { LogError } from "@typebar/log";
import type { GenerationObserver } from "../../src/generation/observer.ts";
import { createGenerations } from "../../src/generation/generations.ts";
import { ProviderError } from "../../src/provider/provider.ts";
import { createProviderRegistry } from "../../src/provider/registry.ts";
import { textOf } from "../routes/blocks.ts";
import { type ChatServer, openChatServer } from "../routes/chat-server.ts";
import { createFakeProvider, failing, finish, say, silence } from "../routes/fake-provider.ts";

interface Notes {
  observer: GenerationObserver;
  /** In the order of the calls, for each answer. */
  of: (generationId: string) => unknown[];
  /** Of the answer that was told of last. */
  last: () => unknown[];
}

function createNotes(): Notes {
  const notes = new Map<string, unknown[]>();
  return {
    of: (generationId) => notes.get(generationId) ?? [],
    last: () => [...notes.values()].at(-1) ?? [],
    observer: {
      begun({ generationId, ...work }) {
        const noted: unknown[] = [work];
        notes.set(generationId, noted);
        return {
          asked: () => void noted.push("asked"),
          spoke: () => void noted.push("spoke"),
          ended: (end) => void noted.push(end ?? "left"),
        };
      },
    },
  };
}

async function openObserved(
  options: Parameters<typeof openChatServer>[0] = {},
): Promise<ChatServer & { notes: Notes }> {
  const notes = createNotes();
  const chat = await openChatServer({ ...options, generations: { observers: [notes.observer] } });
  return Object.assign(chat, { notes });
}

describe("an observer of answers", () => {
  test("is told of a whole one, and which request asked for it", async () => {
    await using chat = await openObserved();
    chat.provider.script("three", async function* () {
      for (const word of ["one ", "two ", "three"]) yield say(word);
      yield finish;
    });
    const answer = await chat.ask({ message: "three" }, { "x-request-id": "request-1" });
    const { conversationId, generationId } = answer;
    const usage = { inputTokens: 3, outputTokens: 5 };
    expect(chat.notes.of(generationId)).toEqual([
      { conversationId, model: "fake/one", takeover: false, requestId: "request-1" },
      "asked",
      "spoke",
      "spoke",
      "spoke",
      { state: "completed", finishReason: "stop", usage },
    ]);
  });

  test("is told why one failed, and that its model was asked again", async () => {
    await using chat = await openObserved();
    let refused = false;
    chat.provider.script("limited", async function* () {
      if (!refused) {
        refused = true;
        throw new ProviderError("provider-rate-limited", "Wait.", { retryAfterMs: 1 });
      }
      yield say("A word.");
      throw new ProviderError("provider-unavailable", "It broke.");
    });
    const { generationId } = await chat.ask("limited");
    expect(chat.notes.of(generationId).slice(1)).toEqual([
      "asked",
      "asked",
      "spoke",
      { state: "failed", code: "provider-unavailable" },
    ]);
    chat.provider.script("fails", failing(new ProviderError("provider-unauthorized", "No.")));
    const failed = await chat.ask("fails");
    expect(chat.notes.of(failed.generationId).at(-1)).toEqual({ state: "failed", code: "provider-unauthorized" });
  });

  test("is told of a stop", async () => {
    await using chat = await openObserved();
    chat.provider.script("long", async function* ({ signal }) {
      yield say("Once");
      await silence(signal);
    });
    const answer = await chat.open("/api/chat", { body: { message: "long" } });
    await answer.until(() => textOf(answer.blocks) !== "");
    await chat.fetch(`/api/generations/${answer.generationId}/stop`, { method: "POST" });
    await chat.generations.settled(answer.generationId);
    expect(chat.notes.of(answer.generationId).slice(1)).toEqual(["asked", "spoke", { state: "stopped" }]);
  });

  test("is told that one was left to the next process, and there that it was taken over", async () => {
    const provider = createFakeProvider({ continuations: ["prefill"] });
    await using chat = await openObserved({ provider });
    const kept = "Kept text that is long enough to be judged: ";
    chat.provider.script("left", async function* ({ signal, continuation }) {
      yield say(continuation ? "the rest." : kept);
      if (!continuation) await silence(signal);
      yield finish;
    });
    const answer = await chat.open("/api/chat", { body: { message: "left" } });
    await answer.until(() => textOf(answer.blocks) !== "");
    await chat.generations.drain(0);
    expect(chat.notes.of(answer.generationId).at(-1)).toBe("left");

    const next = createNotes();
    const others = createGenerations({
      log: chat.log,
      store: chat.store.generations,
      deleted: chat.store.deleted,
      providers: createProviderRegistry({ providers: [provider] }),
      limits: { firstTokenMs: 20_000, silenceMs: 20_000, totalMs: 60_000 },
      continuation: "auto",
      maxTakeovers: 3,
      logTtlSeconds: 60,
      holder: "next",
      report: (message) => expect.fail(message),
      observers: [next.observer],
    });
    await others.sweep();
    await others.settled(answer.generationId);
    expect(next.of(answer.generationId)).toEqual([
      expect.objectContaining({ takeover: true, requestId: undefined }),
      "asked",
      "spoke",
      expect.objectContaining({ state: "completed" }),
    ]);
    await others.drain(0);
  });

  test("is told of one that the store refused before its model was asked", async () => {
    await using chat = await openObserved({
      wrapLog: (log) => ({
        ...log,
        [Symbol.asyncDispose]: () => log[Symbol.asyncDispose](),
        append: async () => {
          throw new LogError("unavailable", "full");
        },
      }),
    });
    const refused = await chat.send("POST", "/api/chat", { message: "hello" });
    expect(refused.status).toBe(503);
    expect(chat.notes.last().slice(1)).toEqual([{ state: "failed", code: "store-unavailable" }]);
  });
});

describe("who counts resumes", () => {
  test("is told how each request with an event ID was answered, and of no other", async () => {
    await using chat = await openChatServer();
    const answer = await chat.ask("hello");
    const events = `/api/generations/${answer.generationId}/events`;
    const resume = async (id: string, path = events): Promise<void> => {
      const again = await chat.open(path, { headers: { "Last-Event-ID": id } });
      if (again.status === 200) await again.rest();
    };
    await resume("");
    expect(chat.resumes).toEqual([]);
    await resume(answer.blocks[0]?.id ?? "");
    await resume(answer.blocks.at(-1)?.id ?? "");
    await resume(`${answer.generationId}:9.1`);
    await resume("no ID");
    await resume("no ID", `/api/chat/${answer.conversationId}/stream`);
    await chat.log.expire(answer.generationId, 0);
    await resume(answer.blocks[0]?.id ?? "");
    await resume(answer.blocks.at(-1)?.id ?? "");
    expect(chat.resumes).toEqual(["resumed", "finished", "diverged", "unknown", "unknown", "expired", "finished"]);
  });
});
