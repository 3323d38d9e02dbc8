/** A database of each earlier version is brought up to date with all that is in it. Runs on SQLite and on a real PostgreSQL. */
import { type Kysely, sql } from "kysely";
import { describe, expect, test } from "vitest";
import { openChatStore } from "../../src/store/index.ts";
import { migrate, migrationNames, NewerDatabaseError } from "../../src/store/migrations.ts";
import { indexAll } from "../../src/store/search/index-texts.ts";
import type { Schema } from "../../src/store/schema.ts";

/** @param openEmpty - A handle on a database with nothing in it; disposing of the store that takes it over closes it. */
export function testUpgrades(openEmpty: () => Promise<Kysely<Schema>>): void {
  describe.each(migrationNames)("from %s", (version) => {
    test("keeps every conversation, message and answer, and can do with them what can be done now", async () => {
      const database = await openEmpty();
      await migrate(database, version);
      await fill(database, version);
      if (version >= "0010-search") await indexAll(database);
      let nowMs = 5000;
      await using store = await openChatStore({ database, now: () => nowMs });
      const page = await store.conversations.list("alice", { limit: 10 });
      expect(page?.conversations.map(({ id, title }) => [id, title])).toEqual([
        ["newer", "Whales 鲸鱼"],
        ["older", "Zebras"],
      ]);
      const read = await store.conversations.read("alice", "newer");
      expect(read).toMatchObject({
        id: "newer",
        createdAt: new Date(2000).toISOString(),
        updatedAt: new Date(2000).toISOString(),
        generationId: null,
      });
      expect(read?.messages.map(({ id, parentId, parts }) => [id, parentId, parts])).toEqual([
        ["newer-question", null, [{ type: "text", text: "where do whales sleep" }]],
        ["newer-answer", "newer-question", [{ type: "text", text: "in the sea\0, floating" }]],
      ]);
      expect(read?.messages[1]?.metadata).toEqual({
        generationId: "newer-generation",
        model: "scripted/one",
        state: "completed",
        finishReason: "stop",
        usage: { outputTokens: 5 },
      });
      expect((await store.conversations.list("bob", { limit: 10 }))?.conversations).toHaveLength(1);
      const found = await store.search.find("alice", "floating", 5);
      expect(found.map(({ conversation, messageId }) => [conversation.id, messageId])).toEqual([
        ["newer", "newer-answer"],
      ]);
      expect(await store.search.find("alice", "鲸鱼", 5)).toMatchObject([{ messageId: null }]);
      expect(await store.conversations.change("alice", "older", { pinned: true })).toMatchObject({ pinned: true });
      const known = await store.generations.begin({ ...request, keys: ["key:newer"], requestHash: "newer-hash" });
      expect(known).toMatchObject({ type: "known", generation: { id: "newer-generation" } });
      nowMs += 1;
      const begun = await store.generations.begin({ ...request, conversationId: "newer" });
      expect(begun).toMatchObject({ type: "begun" });
      expect((await store.conversations.read("alice", "newer"))?.messages).toHaveLength(4);
      await store.deleted.remove("alice", "older");
      expect(await store.deleted.restore("alice", "older")).toMatchObject({ title: "Zebras" });
      expect((await store.transfer.read("alice", "older"))?.messages).toHaveLength(2);
    });
  });

  test("the steps stand in the order in which they are taken", () => {
    expect(migrationNames).toEqual(migrationNames.toSorted());
    expect(new Set(migrationNames.map((name) => name.slice(0, 4))).size).toBe(migrationNames.length);
  });

  describe("from a newer version", () => {
    test("is refused, and nothing is changed", async () => {
      await using database = await openEmpty();
      await migrate(database);
      await sql`INSERT INTO kysely_migration (name, timestamp) VALUES ('9999-later', '2030-01-01T00:00:00.000Z')`.execute(
        database,
      );
      await expect(migrate(database)).rejects.toThrow(NewerDatabaseError);
      await expect(migrate(database)).rejects.toMatchObject({ step: "9999-later" });
    });
  });
}

const request = {
  ownerId: "alice",
  trigger: "submit-message" as const,
  conversationId: undefined,
  createConversation: false,
  text: "and now?",
  messageId: undefined,
  chooseModel: () => "scripted/one",
  keys: [],
  requestHash: "hash",
};

/** In the columns of the first version, which every later one has. */
async function fill(database: Kysely<Schema>, version: string): Promise<void> {
  const conversations = [
    { id: "newer", owner: "alice", title: "Whales 鲸鱼", atMs: 2000, question: "where do whales sleep" },
    { id: "older", owner: "alice", title: "Zebras", atMs: 1000, question: "why stripes" },
    { id: "other", owner: "bob", title: "Bob's", atMs: 1500, question: "floating" },
    { id: "hidden", owner: "alice", title: "", atMs: 1500, question: "floating unseen" },
  ];
  for (const { id, owner, title, atMs, question } of conversations) {
    // Hidden ones came with the second step.
    if (id === "hidden" && version === migrationNames[0]) continue;
    const parts = JSON.stringify([{ type: "text", text: question }]);
    const answer = JSON.stringify([{ type: "text", text: id === "newer" ? "in the sea\0, floating" : "an answer" }]);
    await sql`INSERT INTO conversations (id, owner_id, title, head_message_id, model, created_at_ms, updated_at_ms)
      VALUES (${id}, ${owner}, ${title}, ${`${id}-answer`}, 'scripted/one', ${atMs}, ${atMs})`.execute(database);
    if (id === "hidden") await sql`UPDATE conversations SET hidden = 1 WHERE id = ${id}`.execute(database);
    await sql`INSERT INTO messages (id, conversation_id, parent_id, role, parts, generation_id, created_at_ms) VALUES
      (${`${id}-question`}, ${id}, NULL, 'user', ${parts}, NULL, ${atMs}),
      (${`${id}-answer`}, ${id}, ${`${id}-question`}, 'assistant', ${answer}, ${`${id}-generation`}, ${atMs})`.execute(
      database,
    );
    await sql`INSERT INTO generations (id, conversation_id, message_id, owner_id, state, model, trigger, given_text,
        request_hash, finish_reason, usage, end_epoch, end_seq, created_at_ms, finished_at_ms)
      VALUES (${`${id}-generation`}, ${id}, ${`${id}-answer`}, ${owner}, 'completed', 'scripted/one', 'submit-message', '""',
        ${`${id}-hash`}, 'stop', '{"outputTokens":5}', 1, 7, ${atMs}, ${atMs})`.execute(database);
    await sql`INSERT INTO generation_keys (owner_id, key, generation_id)
      VALUES (${owner}, ${`key:${id}`}, ${`${id}-generation`})`.execute(database);
  }
}
