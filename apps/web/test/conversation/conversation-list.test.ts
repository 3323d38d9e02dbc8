import { describe, expect, it } from "vitest";
import type { ConversationPage } from "@typebar/chat-client";
import { createConversationList, groupByDay } from "../../src/conversation/conversation-list.ts";
import type { ConversationEndpoints, ConversationList } from "../../src/conversation/conversation-list.ts";

const at = (day: number, hour: number): string => new Date(2026, 5, day, hour).toISOString();
const unused = (): Promise<never> => Promise.reject(new Error("not used here"));
const ids = (list: ConversationList): string[] => list.state.items.map(({ id }) => id);

function conversation(id: string, updatedAt: string) {
  return { id, title: id, pinned: false, createdAt: updatedAt, updatedAt };
}

describe("groups by day", () => {
  const nowMs = new Date(2026, 5, 15, 12).getTime();

  it("follows the reader's own midnight", () => {
    const items = [
      conversation("a", at(15, 0)),
      conversation("b", at(14, 23)),
      conversation("c", at(14, 0)),
      conversation("d", at(9, 1)),
      conversation("e", at(1, 1)),
    ];
    expect(groupByDay(items, nowMs).map(({ day, items: inDay }) => [day, inDay.map(({ id }) => id)])).toEqual([
      ["today", ["a"]],
      ["yesterday", ["b", "c"]],
      ["week", ["d"]],
      ["older", ["e"]],
    ]);
  });
});

describe("the list", () => {
  const pages: Record<string, ConversationPage> = {
    first: { conversations: [conversation("b", "2026-02"), conversation("a", "2026-01")], nextCursor: "next" },
    next: { conversations: [conversation("z", "2025-01")], nextCursor: null },
  };
  const server: ConversationEndpoints = {
    listConversations: (cursor) => Promise.resolve(pages[cursor ?? "first"] ?? { conversations: [], nextCursor: null }),
    renameConversation: unused,
    deleteConversation: () => Promise.resolve(),
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

  it("forgets what was deleted", async () => {
    const list = createConversationList(server);
    await list.loadMore();
    await list.remove("b");
    expect(ids(list)).toEqual(["a"]);
  });
});
