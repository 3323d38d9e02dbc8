/** What every database must do with conversations that are taken out and put in whole. */
import { afterAll, beforeAll, expect, test } from "vitest";
import type { ExportedConversation, ExportedMessage } from "../../src/protocol.ts";
import { type ChatStore, openChatStore } from "../../src/store/index.ts";
import type { OpenedDatabase } from "./chat-store-contract.ts";

const time = (second: number): string => new Date(1_700_000_000_000 + second * 1000).toISOString();

function toConversation(title: string): ExportedConversation {
  const metadata = { model: "scripted/one", state: "completed" as const };
  return {
    title,
    pinned: true,
    systemPrompt: "be brief",
    createdAt: time(1),
    updatedAt: time(9),
    headMessageId: "c",
    messages: [
      {
        id: "a",
        parentId: null,
        role: "user",
        parts: [{ type: "text", text: "a\0question \uD83D 你好" }],
        createdAt: time(2),
      },
      {
        id: "b",
        parentId: "a",
        role: "assistant",
        parts: [
          { type: "reasoning", text: "hm" },
          { type: "text", text: `an answer about ${title}` },
        ],
        createdAt: time(3),
        metadata: {
          ...metadata,
          finishReason: "length",
          usage: { inputTokens: 1, outputTokens: 2 },
          durationMs: 1500,
          thoughtMs: 500,
        },
      },
      {
        id: "c",
        parentId: "a",
        role: "assistant",
        parts: [],
        createdAt: time(4),
        metadata: { ...metadata, state: "failed", code: "provider-error" },
      },
    ],
  };
}

const withoutPlaces = (messages: ExportedMessage[]): unknown[] =>
  messages.map(({ id: _id, parentId: _parentId, ...rest }) => rest);

export function testTransferStore(open: () => Promise<OpenedDatabase>): void {
  let opened: OpenedDatabase;
  let store: ChatStore;
  let owners = 0;

  beforeAll(async () => {
    opened = await open();
    store = await openChatStore({ database: opened.connect() });
  });
  afterAll(async () => {
    await store[Symbol.asyncDispose]();
    await opened.close();
  });

  const newOwner = (): string => `owner-${++owners}`;

  test("stores a conversation as it was, under new IDs, and gives it as it was", async () => {
    const owner = newOwner();
    const given = toConversation("whales");
    const [stored, ...others] = (await store.transfer.write(owner, [given])).conversations;
    expect([stored?.title, others]).toEqual(["whales", []]);
    const [id] = await store.transfer.ids(owner);
    expect(id).toBe(stored?.id);
    const read = await store.transfer.read(owner, id ?? "");
    const names = new Map(read?.messages.map((message, index) => [message.id, given.messages[index]?.id]));
    expect(names.has("a")).toBe(false);
    const nameOf = (messageId: string | null): string | null =>
      messageId === null ? null : (names.get(messageId) ?? "");
    const places = read?.messages.map((message) => [nameOf(message.id), nameOf(message.parentId)]);
    expect(places).toEqual(given.messages.map((message) => [message.id, message.parentId]));
    expect(withoutPlaces(read?.messages ?? [])).toEqual(withoutPlaces(given.messages));
    expect({ ...read, messages: [], headMessageId: nameOf(read?.headMessageId ?? null) }).toEqual({
      ...given,
      messages: [],
    });
    expect(await store.search.find(owner, "about whales", 5)).toHaveLength(1);
    expect(await store.transfer.ids(newOwner())).toEqual([]);
    expect(await store.transfer.read(newOwner(), id ?? "")).toBeUndefined();
  });

  test("stores nothing of what cannot be stored whole", async () => {
    const owner = newOwner();
    const many = Array.from({ length: 30 }, (_, index) => toConversation(`number ${index}`));
    // Past every check.
    Object.assign(many.at(-1)?.messages[1] ?? {}, { role: null });
    await expect(store.transfer.write(owner, many)).rejects.toThrow();
    expect(await store.transfer.ids(owner)).toEqual([]);
    expect(await store.search.find(owner, "number", 5)).toEqual([]);
  });

  test("lets others have their turn while much is stored", async () => {
    const owner = newOwner();
    const many = Array.from({ length: 100 }, (_, index) => toConversation(`number ${index}`));
    let turns = 0;
    const timer = setInterval(() => (turns += 1), 0);
    const writing = store.transfer.write(owner, many);
    const { id } = await store.conversations.create(owner, "meanwhile");
    await writing;
    clearInterval(timer);
    expect(turns).toBeGreaterThan(0);
    expect(await store.conversations.read(owner, id)).toBeDefined();
    expect(await store.transfer.ids(owner)).toHaveLength(101);
  });
}
