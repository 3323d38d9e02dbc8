/** Nodes that share a database: who is taken for alive, and whose share a generation is. Beats are real, the clock is given. */
import { describe, expect, onTestFinished, test, vi } from "vitest";
import { joinNodes, type Nodes, type NodesOptions } from "../../src/nodes/nodes.ts";
import { chooseNode } from "../../src/nodes/rendezvous.ts";
import { openChatStore } from "../../src/store/index.ts";
import { openSqliteDatabase } from "../../src/store/sqlite.ts";

const ids = Array.from({ length: 3000 }, (_, index) => `generation-${index}`);

async function openWorld() {
  const { nodes: store } = await openChatStore({ database: openSqliteDatabase(":memory:") });
  let nowMs = 0;
  const reports: string[] = [];
  async function join(id: string, options: Partial<NodesOptions> = {}): Promise<Nodes> {
    const nodes = await joinNodes({
      store,
      id,
      check: async () => undefined,
      countStreams: () => ({ streams: 2, followers: 1 }),
      report: (message) => void reports.push(message),
      beatMs: 5,
      steadyNow: () => nowMs,
      ...options,
    });
    onTestFinished(() => nodes.leave());
    return nodes;
  }
  return { store, reports, join, pass: (ms: number) => (nowMs += ms) };
}

describe("nodes", () => {
  test("see each other, and each generation is the share of exactly one, evenly", async () => {
    const { join } = await openWorld();
    const nodes = await Promise.all(["a", "b", "c"].map((id) => join(id)));
    await vi.waitFor(() => expect(nodes.map(({ liveIds }) => liveIds)).toEqual(nodes.map(() => ["a", "b", "c"])));
    const shares = nodes.map((node) => ids.filter((id) => node.isMine(id)).length);
    expect(shares.reduce((sum, share) => sum + share)).toBe(ids.length);
    for (const share of shares) expect(Math.abs(share - 1000)).toBeLessThan(150);
    expect(nodes.map(({ isFirst }) => isFirst)).toEqual([true, false, false]);
    expect(nodes[0]?.othersLoad).toEqual({ streams: 4, followers: 2 });
  });

  test("a node that goes leaves its share to the others, and theirs stays where it was", () => {
    const before = ids.map((id) => chooseNode(id, ["a", "b", "c"]));
    const after = ids.map((id) => chooseNode(id, ["a", "c"]));
    for (const [index, chosen] of before.entries()) if (chosen !== "b") expect(after[index]).toBe(chosen);
    const moved = before.flatMap((chosen, index) => (chosen === "b" ? [after[index]] : []));
    expect(Math.abs(moved.filter((chosen) => chosen === "a").length / moved.length - 0.5)).toBeLessThan(0.1);
  });

  test("one that has stopped beating is dead after a while, and alive again with its next beat", async () => {
    const { store, join, pass } = await openWorld();
    await store.beat({ id: "b", beat: 7, streams: 0, followers: 0 });
    const node = await join("a");
    // How long it has been silent is not known yet.
    expect(node.liveIds).toEqual(["a", "b"]);
    pass(3100);
    await vi.waitFor(() => expect(node.liveIds).toEqual(["a"]));
    expect(ids.every((id) => node.isMine(id))).toBe(true);
    await store.beat({ id: "b", beat: 8, streams: 0, followers: 0 });
    await vi.waitFor(() => expect(node.liveIds).toEqual(["a", "b"]));
  });

  test("one that leaves says so at once, and takes nothing up any more", async () => {
    const { join } = await openWorld();
    const [a, b] = await Promise.all([join("a"), join("b")]);
    await a?.leave();
    expect(a?.isMine("generation-1")).toBe(false);
    await vi.waitFor(() => expect(b?.liveIds).toEqual(["b"]));
  });

  test("one that cannot write answers does not count itself in", async () => {
    const { join, pass, reports } = await openWorld();
    let works = true;
    const check = async (): Promise<void> => {
      if (!works) throw new Error("no log");
    };
    const [a] = await Promise.all([join("a"), join("b", { check })]);
    works = false;
    await vi.waitFor(() => expect(reports).not.toEqual([]));
    pass(3100);
    await vi.waitFor(() => expect(a?.liveIds).toEqual(["a"]));
  });

  test("rows of the long dead are removed", async () => {
    const { store, join, pass } = await openWorld();
    await store.beat({ id: "old", beat: 1, streams: 0, followers: 0 });
    await join("a");
    pass(61_000);
    await vi.waitFor(async () => expect((await store.list()).map(({ id }) => id)).toEqual(["a"]));
  });
});
