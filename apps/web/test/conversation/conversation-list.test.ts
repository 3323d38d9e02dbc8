import { describe, expect, it } from "vitest";
import type { ConversationPage } from "@typebar/chat-client";
import { createConversationList, groupByDay } from "../../src/conversation/conversation-list.ts";
import type { ConversationEndpoints, ConversationList } from "../../src/conversation/conversation-list.ts";

const at = (day: number, hour: number): string => new Date(2026, 5, day, hour).toISOString();
const unused = (): Promise<never> => Promise.reject(new Error("not used here"));
const ids = (list: ConversationList): string[] => list.state.items.map(({ id }) => id);

function conversation(id: string, updatedAt: string, pinned = false) {
  return { id, title: id, pinned, createdAt: updatedAt, updatedAt };
}

describe("groups", () => {
  const nowMs = new Date(2026, 5, 15, 12).getTime();

  it("follows the reader's own midnight", () => {
    const items = [
      conversation("a", at(15, 0)),
      conversation("b", at(14, 23)),
      conversation("c", at(14, 0)),
      conversation("d", at(9, 1)),
      conversation("e", at(1, 1)),
    ];
    expect(groupByDay(items, nowMs).map(({ group, items: inIt }) => [group, inIt.map(({ id }) => id)])).toEqual([
      ["today", ["a"]],
      ["yesterday", ["b", "c"]],
      ["week", ["d"]],
      ["older", ["e"]],
    ]);
  });

  it("begin with what is pinned, whatever its day", () => {
    const items = [conversation("p", at(1, 1), true), conversation("a", at(15, 0))];
    expect(groupByDay(items, nowMs).map(({ group }) => group)).toEqual(["pinned", "today"]);
  });
});

describe("the list", () => {
  const pages: Record<string, ConversationPage> = {
    first: { conversations: [conversation("b", "2026-02"), conversation("a", "2026-01")], nextCursor: "next" },
    next: { conversations: [conversation("z", "2025-01")], nextCursor: null },
  };
  const server: ConversationEndpoints = {
    listConversations: (cursor) => Promise.resolve(pages[cursor ?? "first"] ?? { conversations: [], nextCursor: null }),
    changeConversation: unused,
    deleteConversation: () => Promise.resolve(),
    restoreConversation: unused,
  };

  it("reads page after page, and the first one again without losing its place", async () => {
    const list = createConversationList(server);
    await list.loadMore();
    await list.refresh();
    expect([ids(list), list.state.more]).toEqual([["b", "a"], true]);
    await list.loadMore();
    expect([ids(list), list.state.more]).toEqual([["b", "a", "z"], false]);
  });

  it("drops what was deleted elsewhere when it reads the first page again, and keeps older pages", async () => {
    let first = pages["first"]!;
    const list = createConversationList({
      ...server,
      listConversations: (cursor) => Promise.resolve(cursor === null ? first : pages["next"]!),
    });
    await list.loadMore();
    await list.loadMore();
    first = { conversations: [conversation("c", "2026-03"), conversation("a", "2026-01")], nextCursor: "next" };
    await list.refresh();
    expect(ids(list)).toEqual(["c", "a", "z"]);
  });

  it("reads once more when it is told of a change while it reads", async () => {
    const answers = [["a"], ["b", "a"]].map((names) => names.map((id) => conversation(id, "2026-01")));
    const list = createConversationList({
      ...server,
      listConversations: () => Promise.resolve({ conversations: answers.shift() ?? [], nextCursor: null }),
    });
    await Promise.all([list.loadMore(), list.refresh()]);
    expect(ids(list).toSorted()).toEqual(["a", "b"]);
  });

  it("takes a refused rename back", async () => {
    const list = createConversationList(server);
    await list.loadMore();
    await expect(list.rename("a", "new")).rejects.toThrow("not used here");
    expect(list.state.items.map(({ title }) => title)).toEqual(["b", "a"]);
  });

  it("keeps pinned ones of later pages, and drops those that are gone, when it reads the first page again", async () => {
    let first = [conversation("p", "2026-05", true), conversation("q", "2026-01", true)];
    const list = createConversationList({
      ...server,
      listConversations: (cursor) =>
        Promise.resolve(
          cursor === null
            ? { conversations: first, nextCursor: "next" }
            : { conversations: [conversation("r", "2025-01", true), conversation("z", "2026-06")], nextCursor: null },
        ),
    });
    await list.loadMore();
    await list.loadMore();
    expect(ids(list)).toEqual(["p", "q", "r", "z"]);
    first = [conversation("q", "2026-01", true)];
    await list.refresh();
    expect(ids(list)).toEqual(["q", "r", "z"]);
  });

  it("puts what is pinned first at once, and back where the server does not do it", async () => {
    const list = createConversationList(server);
    await list.loadMore();
    const pinned = list.pin("a", true);
    expect(ids(list)).toEqual(["a", "b"]);
    await expect(pinned).rejects.toThrow("not used here");
    expect(ids(list)).toEqual(["b", "a"]);
  });

  it("shows no more what is being deleted, though it is read once more; and again, where that fails", async () => {
    const { promise, reject } = Promise.withResolvers<void>();
    const list = createConversationList({ ...server, deleteConversation: () => promise });
    await list.loadMore();
    const removed = list.remove("b");
    expect(ids(list)).toEqual(["a"]);
    await list.refresh();
    expect(ids(list)).toEqual(["a"]);
    reject(new Error("away"));
    await expect(removed).rejects.toThrow("away");
    expect(ids(list)).toEqual(["b", "a"]);
  });

  it("is not misled by what was read before a deletion and comes after it", async () => {
    const { promise, resolve } = Promise.withResolvers<ConversationPage>();
    const list = createConversationList({ ...server, listConversations: () => promise });
    const read = list.loadMore();
    const removed = list.remove("b");
    resolve(pages["first"]!);
    await Promise.all([read, removed]);
    expect(ids(list)).toEqual(["a"]);
  });

  it("brings back what the server restores", async () => {
    const restored = conversation("b", "2026-02");
    const list = createConversationList({ ...server, restoreConversation: () => Promise.resolve(restored) });
    await list.loadMore();
    await list.remove("b");
    await list.restore("b");
    expect(ids(list)).toEqual(["b", "a"]);
  });

  it("forgets what was deleted", async () => {
    const list = createConversationList(server);
    await list.loadMore();
    await list.remove("b");
    expect(ids(list)).toEqual(["a"]);
  });
});
