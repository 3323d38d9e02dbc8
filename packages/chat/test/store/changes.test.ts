/** What is told of conversations and settings: everything, to their owner, and last what is so. */
import { afterEach, beforeEach, expect, test } from "vitest";
import { createChanges, type OnChange } from "../../src/store/changes.ts";
import { type ChatStore, openChatStore } from "../../src/store/index.ts";
import { openSqliteDatabase } from "../../src/store/sqlite.ts";

type Told = { ownerId: string } & Parameters<OnChange>[1];

let database: ReturnType<typeof openSqliteDatabase>;
let store: ChatStore;
/** Changed by tests that need time between the telling and what comes after it. */
let onTold: () => Promise<void> | void;
let told: Told[];

beforeEach(async () => {
  [onTold, told] = [() => undefined, []];
  database = openSqliteDatabase(":memory:");
  store = await openChatStore({ database, onChange });
});
afterEach(() => store[Symbol.asyncDispose]());

async function onChange(ownerId: string, change: Parameters<OnChange>[1]): Promise<void> {
  await onTold();
  told.push({ ownerId, ...change });
}

const titles = (): string[] =>
  told.flatMap((one) => (one.event === "conversation" ? [one.data.conversation.title] : []));

/** As if another process had done it, which tells of it by itself. */
async function setTitle(id: string, title: string): Promise<void> {
  await database.updateTable("conversations").set({ title }).where("id", "=", id).execute();
}

test("what was stored last is told last, however long telling takes and however much happens meanwhile", async () => {
  const { id } = await store.conversations.create("alice", "0");
  onTold = () => new Promise((resolve) => setTimeout(resolve, 2));
  for (let turn = 1; turn <= 40; turn++) await store.conversations.change("alice", id, { title: `${turn}` });
  await expect.poll(() => titles().at(-1)).toBe("40");
  expect(titles().length).toBeLessThan(41);
});

test("what another process stores while a change is told is told after it", async () => {
  const { id } = await store.conversations.create("alice", "old");
  await expect.poll(titles).toEqual(["old"]);
  let isFirst = true;
  onTold = async () => {
    if (!isFirst) return;
    isFirst = false;
    // It is stored and told by that process, and only then arrives what was read here before.
    await setTitle(id, "newest");
    told.push({
      ownerId: "alice",
      event: "conversation",
      data: { conversation: await summaryOf(id), generationId: null },
    });
  };
  await store.conversations.change("alice", id, { title: "newer" });
  await expect.poll(titles).toEqual(["old", "newest", "newer", "newest"]);
});

async function summaryOf(id: string): ReturnType<ChatStore["conversations"]["create"]> {
  const { title, pinned, createdAt, updatedAt } = (await store.conversations.read("alice", id)) ?? {
    title: "",
    pinned: false,
    createdAt: "",
    updatedAt: "",
  };
  return { id, title, pinned, createdAt, updatedAt };
}

test("a change that the summary does not show is told, also while one is being told", async () => {
  const { id } = await store.conversations.create("alice", "same");
  await expect.poll(titles).toEqual(["same"]);
  const told = new Array<string>();
  const changes = createChanges(database, async (_ownerId, change) => {
    told.push(change.event);
    if (told.length === 1) changes.conversation("alice", id);
  });
  changes.conversation("alice", id);
  await changes.settled();
  expect(told).toEqual(["conversation", "conversation"]);
});

test("a telling that failed keeps no later one back, and fails nothing", async () => {
  onTold = () => Promise.reject(new Error("nobody listens"));
  const { id } = await store.conversations.create("alice", "first");
  await expect.poll(async () => (await store.conversations.read("alice", id))?.title).toBe("first");
  onTold = () => undefined;
  await expect
    .poll(async () => {
      await store.conversations.change("alice", id, { title: "second" });
      return titles();
    })
    .toContain("second");
});

test("closing the store waits for what is still to be told", async () => {
  const own = openSqliteDatabase(":memory:");
  const events: string[] = [];
  const closing = await openChatStore({
    database: own,
    onChange: async (ownerId, { event }) => {
      await new Promise((resolve) => setTimeout(resolve, 5));
      events.push(`${ownerId} ${event}`);
    },
  });
  await closing.conversations.create("alice", "");
  await closing.settings.write("bob", { systemPrompt: "x" });
  await closing[Symbol.asyncDispose]();
  expect(events.toSorted()).toEqual(["alice conversation", "bob settings"]);
});
