/** What every database under the chat store must do. Runs on SQLite and on a real PostgreSQL, with the very same queries. */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { CompiledQuery, Kysely, QueryId, RootOperationNode } from "kysely";
import type { BeginRequest, BeginResult } from "../../src/store/begin.ts";
import { createChanges } from "../../src/store/changes.ts";
import { dumpedTables, undumpedTables } from "../../src/store/dump.ts";
import { restorableMs } from "../../src/store/deleted.ts";
import { createGenerationStore } from "../../src/store/generations.ts";
import { type ChatStore, openChatStore } from "../../src/store/index.ts";
import {
  type GenerationRow,
  type StoredPrompt,
  toGeneration,
  toGivenText,
  toStoredPrompt,
} from "../../src/store/rows.ts";
import type { Schema } from "../../src/store/schema.ts";

export interface OpenedDatabase {
  /** A handle on the same, empty database each time; closing one closes only that one. */
  connect: () => Kysely<Schema>;
  /** How the database would find what a query asks for. Where any index will do, it is taken. */
  explain: (database: Kysely<Schema>, query: CompiledQuery) => Promise<string>;
  close: () => Promise<void>;
}

const model = "scripted/one";

export function testChatStore(open: () => Promise<OpenedDatabase>): void {
  let opened: OpenedDatabase;
  let database: Kysely<Schema>;
  let store: ChatStore;
  let nowMs = 1_700_000_000_000;
  let owners = 0;

  beforeAll(async () => {
    opened = await open();
    database = opened.connect();
    store = await openChatStore({ database, now: () => nowMs });
  });

  afterAll(async () => {
    await store[Symbol.asyncDispose]();
    await opened.close();
  });

  const newOwner = (): string => `owner-${++owners}`;

  function toRequest(ownerId: string, request: Partial<BeginRequest> = {}): BeginRequest {
    return {
      ownerId,
      trigger: "submit-message",
      conversationId: undefined,
      createConversation: false,
      text: "a question",
      messageId: undefined,
      chooseModel: (previous) => previous ?? model,
      keys: [],
      requestHash: "hash",
      ...request,
    };
  }

  const begin = async (ownerId: string, request: Partial<BeginRequest> = {}): Promise<GenerationRow> =>
    begunOf(await store.generations.begin(toRequest(ownerId, request)));

  async function end(
    { id }: GenerationRow,
    text: string,
    state: "completed" | "stopped" | "failed" = "completed",
    finishReason: "stop" | "length" = "stop",
  ): Promise<void> {
    await store.generations.project(id, {
      parts: text === "" ? [] : [{ type: "text", text }],
      end: { state, ...(state === "completed" && { finishReason }) },
      endEpoch: 1,
      endSeq: 7,
    });
  }

  async function removeForGood(ownerId: string, id: string): Promise<void> {
    await store.deleted.remove(ownerId, id);
    nowMs += restorableMs;
    await store.deleted.purge(id);
  }

  async function countRows(table: keyof Schema, conversationId: string): Promise<number> {
    if (table === "generation_keys") {
      const rows = await database.selectFrom("generation_keys").selectAll().execute();
      const ids = await database.selectFrom("generations").select("id").execute();
      return rows.filter((row) => !ids.some(({ id }) => id === row.generation_id)).length;
    }
    const rows = await database.selectFrom(table).selectAll().execute();
    return rows.filter((row) => "conversation_id" in row && row.conversation_id === conversationId).length;
  }

  test("every table is either moved by an export, or holds what does not last", async () => {
    const tables = (await database.introspection.getTables()).map(({ name }) => name);
    const lasting = tables.filter((name) => !undumpedTables.some((pattern) => pattern.test(name)));
    expect(lasting.toSorted()).toEqual(dumpedTables.toSorted());
  });

  test("is brought up to date once: opened again it holds what it held", async () => {
    const owner = newOwner();
    const { id } = await store.conversations.create(owner, "kept");
    const again = await openChatStore({ database: opened.connect(), now: () => nowMs });
    await again.ping();
    expect((await again.conversations.read(owner, id))?.title).toBe("kept");
    await again[Symbol.asyncDispose]();
    expect((await store.conversations.read(owner, id))?.title).toBe("kept");
  });

  describe("beginning", () => {
    test("stores the question, an empty answer after it, and the generation, queued", async () => {
      const owner = newOwner();
      const generation = await begin(owner, { text: "first line\nsecond line" });
      const conversation = await store.conversations.read(owner, generation.conversation_id);
      expect(conversation).toMatchObject({ title: "first line", generationId: generation.id });
      const [question, answer, ...rest] = conversation?.messages ?? [];
      expect(rest).toEqual([]);
      expect(question).toMatchObject({
        parentId: null,
        role: "user",
        parts: [{ type: "text", text: "first line\nsecond line" }],
      });
      expect(question?.metadata).toBeUndefined();
      expect(answer).toMatchObject({ id: generation.message_id, parentId: question?.id, role: "assistant", parts: [] });
      expect(answer?.metadata).toEqual({ generationId: generation.id, model, state: "queued" });
      expect(toGeneration(generation)).toEqual({
        id: generation.id,
        conversationId: generation.conversation_id,
        messageId: generation.message_id,
        model,
        state: "queued",
        createdAt: new Date(nowMs).toISOString(),
        finishedAt: null,
      });
    });

    test("begins once, however often the same key comes at the same time", async () => {
      const owner = newOwner();
      const request = toRequest(owner, { keys: ["key:a"] });
      const results = await Promise.all(Array.from({ length: 8 }, () => store.generations.begin(request)));
      expect(results.map(({ type }) => type).toSorted()).toEqual([
        "begun",
        ...Array.from({ length: 7 }, () => "known"),
      ]);
      const ids = results.map((result) => ("generation" in result ? result.generation.id : ""));
      expect(new Set(ids).size).toBe(1);
      expect((await store.conversations.list(owner, { limit: 10 }))?.conversations).toHaveLength(1);
    });

    test("is never busy with the very request that is repeated", async () => {
      const owner = newOwner();
      for (let round = 0; round < 15; round++) {
        const { id } = await store.conversations.create(owner, "named");
        const request = toRequest(owner, { conversationId: id, keys: [`key:repeated-${round}`] });
        const results = await Promise.all(
          Array.from({ length: 6 }, async (_, index) => {
            for (let turn = 0; turn < index * 3; turn++) await new Promise((resolve) => setImmediate(resolve));
            return store.generations.begin(request);
          }),
        );
        expect(results.map(({ type }) => type).toSorted()).toEqual([
          "begun",
          ...Array.from({ length: 5 }, () => "known"),
        ]);
      }
    });

    test("follows the first one by any of its keys", async () => {
      const owner = newOwner();
      const generation = await begin(owner, { keys: ["key:b", "message:c:m"] });
      for (const keys of [["key:b"], ["message:c:m"], ["key:new", "message:c:m"]]) {
        const result = await store.generations.begin(toRequest(owner, { keys }));
        expect(result).toMatchObject({ type: "known", generation: { id: generation.id } });
      }
    });

    test("refuses a key that comes with another request, also after the answer has ended", async () => {
      const owner = newOwner();
      const generation = await begin(owner, { keys: ["key:d"] });
      const other = toRequest(owner, { keys: ["key:d"], requestHash: "another hash" });
      expect(await store.generations.begin(other)).toEqual({ type: "key-reused" });
      await end(generation, "an answer");
      expect(await store.generations.begin(other)).toEqual({ type: "key-reused" });
    });

    test("keeps keys apart by owner", async () => {
      const first = await begin(newOwner(), { keys: ["key:shared"] });
      const second = await begin(newOwner(), { keys: ["key:shared"] });
      expect(second.id).not.toBe(first.id);
    });

    test("answers one of two questions that come into a conversation at the same time, and is busy for the other", async () => {
      const owner = newOwner();
      for (let round = 0; round < 5; round++) {
        const { id } = await store.conversations.create(owner, "");
        const ask = (text: string): Promise<BeginResult> =>
          store.generations.begin(toRequest(owner, { conversationId: id, text, keys: [`key:${round}${text}`] }));
        const results = await Promise.all([ask("one"), ask("two"), ask("three")]);
        expect(results.map(({ type }) => type).toSorted()).toEqual(["begun", "busy", "busy"]);
        const begun = results.flatMap((result) => (result.type === "begun" ? [result.generation.id] : []));
        const busy = results.flatMap((result) => (result.type === "busy" ? [result.generationId] : []));
        expect(new Set(busy)).toEqual(new Set(begun));
        expect((await store.conversations.read(owner, id))?.messages).toHaveLength(2);
      }
    });

    test("makes a conversation that a client named, once, and never another owner's", async () => {
      const owner = newOwner();
      const request = { conversationId: "named-by-client_1", createConversation: true };
      const generation = await begin(owner, request);
      expect(generation.conversation_id).toBe("named-by-client_1");
      await end(generation, "an answer");
      await begin(owner, { ...request, text: "another question" });
      expect(await store.generations.begin(toRequest(newOwner(), request))).toEqual({ type: "not-found" });
      expect((await store.conversations.read(owner, "named-by-client_1"))?.messages).toHaveLength(4);
    });

    test("makes one conversation of one name, however many ask at the same time", async () => {
      const request = toRequest(newOwner(), { conversationId: "raced-name", createConversation: true });
      const results = await Promise.all(Array.from({ length: 4 }, () => store.generations.begin(request)));
      expect(results.map(({ type }) => type).toSorted()).toEqual(["begun", "busy", "busy", "busy"]);
    });

    test("refuses an unknown conversation, and a model that nobody knows, and stores nothing of it", async () => {
      const owner = newOwner();
      expect(await store.generations.begin(toRequest(owner, { conversationId: "unknown" }))).toEqual({
        type: "not-found",
      });
      const { id } = await store.conversations.create(owner, "");
      const request = toRequest(owner, { conversationId: id, chooseModel: () => undefined });
      expect(await store.generations.begin(request)).toEqual({ type: "no-model" });
      expect((await store.conversations.read(owner, id))?.messages).toEqual([]);
    });

    test("takes the conversation's last model", async () => {
      const owner = newOwner();
      const first = await begin(owner, { chooseModel: () => "scripted/two" });
      await end(first, "an answer");
      const second = await begin(owner, { conversationId: first.conversation_id });
      expect(second.model).toBe("scripted/two");
    });

    test("gives the messages that are answered, oldest first, without the answer itself", async () => {
      const owner = newOwner();
      const first = await begin(owner, { text: "one" });
      await end(first, "answer one");
      const second = await begin(owner, { text: "two", conversationId: first.conversation_id });
      const history = await store.generations.history(second);
      expect(history.map(({ role, parts }) => [role, JSON.parse(parts)])).toEqual([
        ["user", [{ type: "text", text: "one" }]],
        ["assistant", [{ type: "text", text: "answer one" }]],
        ["user", [{ type: "text", text: "two" }]],
      ]);
    });
  });

  describe("answering again and going on", () => {
    test("puts a new answer beside the old one, and shows the new branch", async () => {
      const owner = newOwner();
      const first = await begin(owner, { text: "one" });
      await end(first, "old answer");
      const conversationId = first.conversation_id;
      const second = await begin(owner, { trigger: "regenerate-message", conversationId, text: undefined });
      expect((await store.generations.history(second)).map(({ role }) => role)).toEqual(["user"]);
      await end(second, "new answer");
      const conversation = await store.conversations.read(owner, conversationId);
      expect(conversation?.messages.map(({ parts }) => parts)).toEqual([
        [{ type: "text", text: "one" }],
        [{ type: "text", text: "new answer" }],
      ]);
      expect(await countRows("messages", conversationId)).toBe(3);
    });

    test("answers an earlier message again: what came after it leaves the branch that is shown", async () => {
      const owner = newOwner();
      const first = await begin(owner, { text: "one" });
      await end(first, "answer one");
      const conversationId = first.conversation_id;
      await end(await begin(owner, { text: "two", conversationId }), "answer two");
      const again = await begin(owner, {
        trigger: "regenerate-message",
        conversationId,
        text: undefined,
        messageId: first.message_id,
      });
      await end(again, "answer one again");
      const shown = await store.conversations.read(owner, conversationId);
      expect(shown?.messages.map(({ id }) => id)).toEqual([shown?.messages[0]?.id, again.message_id]);
      const third = await begin(owner, { text: "three", conversationId });
      expect((await store.generations.history(third)).map(({ id }) => id)).toEqual([
        shown?.messages[0]?.id,
        again.message_id,
        expect.any(String),
      ]);
    });

    test("answers a user's message again by the message's own ID", async () => {
      const owner = newOwner();
      const first = await begin(owner);
      await end(first, "answer");
      const question = (await store.conversations.read(owner, first.conversation_id))?.messages[0];
      const again = await begin(owner, {
        trigger: "regenerate-message",
        conversationId: first.conversation_id,
        text: undefined,
        messageId: question?.id,
      });
      expect((await store.generations.history(again)).map(({ id }) => id)).toEqual([question?.id]);
    });

    test.each([
      ["stopped", "stop"],
      ["failed", "stop"],
      ["completed", "length"],
    ] as const)("goes on with the text of an answer that is %s (%s)", async (state, finishReason) => {
      const owner = newOwner();
      const first = await begin(owner);
      await end(first, "kept \u{1F469}‍\u{1F680} text", state, finishReason);
      const next = await begin(owner, {
        trigger: "continue-message",
        conversationId: first.conversation_id,
        text: undefined,
      });
      expect(toGivenText(next)).toBe("kept \u{1F469}‍\u{1F680} text");
      expect((await store.generations.history(next)).map(({ role }) => role)).toEqual(["user"]);
    });

    test("has nothing to go on with where the answer is whole, empty, or a question", async () => {
      const owner = newOwner();
      const whole = await begin(owner);
      await end(whole, "all of it");
      const conversationId = whole.conversation_id;
      const goOn = (messageId?: string): Promise<BeginResult> =>
        store.generations.begin(
          toRequest(owner, { trigger: "continue-message", conversationId, text: undefined, messageId }),
        );
      expect(await goOn()).toEqual({ type: "nothing-to-continue" });
      const question = (await store.conversations.read(owner, conversationId))?.messages[0]?.id;
      expect(await goOn(question)).toEqual({ type: "nothing-to-continue" });
      await end(await begin(owner, { conversationId, text: "again" }), "", "failed");
      expect(await goOn()).toEqual({ type: "nothing-to-continue" });
    });

    test("has nothing to answer again in an empty conversation; another conversation's message is not found", async () => {
      const owner = newOwner();
      const other = await begin(owner);
      await end(other, "answer", "stopped");
      const { id } = await store.conversations.create(owner, "");
      for (const [trigger, type] of [
        ["regenerate-message", "nothing-to-answer"],
        ["continue-message", "nothing-to-continue"],
      ] as const) {
        const request = toRequest(owner, { trigger, conversationId: id, text: undefined });
        expect(await store.generations.begin(request)).toEqual({ type });
        expect(await store.generations.begin({ ...request, messageId: other.message_id })).toEqual({
          type: "not-found",
        });
      }
    });
  });

  describe("ending", () => {
    test("stores the end once and the same each time; a late state changes nothing", async () => {
      const owner = newOwner();
      const generation = await begin(owner);
      await store.generations.setRunning(generation.id);
      expect((await store.generations.find(owner, generation.id))?.state).toBe("running");
      const projection = {
        parts: [
          { type: "reasoning" as const, text: "thought" },
          { type: "text" as const, text: "said" },
          { type: "source-url" as const, sourceId: "s", url: "/docs/en/models.md", title: "Models" },
        ],
        end: {
          state: "completed" as const,
          finishReason: "stop" as const,
          usage: { inputTokens: 1, outputTokens: 2, reasoningTokens: 3 },
        },
        endEpoch: 3,
        endSeq: 12,
      };
      expect(await store.generations.project(generation.id, projection)).toBe(true);
      const first = await store.generations.find(owner, generation.id);
      nowMs += 5000;
      expect(await store.generations.project(generation.id, projection)).toBe(true);
      await store.generations.setRunning(generation.id);
      expect(await store.generations.find(owner, generation.id)).toEqual(first);
      expect([Number(first?.end_epoch), Number(first?.end_seq)]).toEqual([3, 12]);
      const message = (await store.conversations.read(owner, generation.conversation_id))?.messages[1];
      expect(message?.parts).toEqual(projection.parts);
      expect(message?.metadata).toEqual({ generationId: generation.id, model, ...projection.end });
    });

    test("lists what has not ended, oldest first, and counts takeovers", async () => {
      const owner = newOwner();
      const first = await begin(owner);
      nowMs += 1;
      const second = await begin(owner);
      const ids = new Set([first.id, second.id]);
      const mine = async (): Promise<string[]> =>
        (await store.generations.unfinished()).map(({ id }) => id).filter((id) => ids.has(id));
      expect(await mine()).toEqual([first.id, second.id]);
      await end(first, "answer");
      expect(await mine()).toEqual([second.id]);
      expect(await store.generations.readUnfinished(first.id)).toBeUndefined();
      expect(await store.generations.readUnfinished(second.id)).toEqual(await store.generations.find(owner, second.id));
      const many = Array.from({ length: 1200 }, (_, index) => `none-${index}`);
      const ended = await store.generations.ended([second.id, ...many, first.id]);
      expect(ended.map((row) => [row.id, Number(row.end_epoch), Number(row.end_seq)])).toEqual([[first.id, 1, 7]]);
      expect(await store.generations.addTakeover(second.id)).toBe(1);
      expect(await store.generations.addTakeover(second.id)).toBe(2);
      expect((await store.generations.findUnfinished(owner, second.conversation_id))?.id).toBe(second.id);
      expect(await store.generations.findUnfinished(owner, first.conversation_id)).toBeUndefined();
    });

    test("is looked for in its index alone, and only for what is needed to choose it", async () => {
      const nodes: { node: RootOperationNode; queryId: QueryId }[] = [];
      const listened = database.withPlugin({
        transformQuery({ node, queryId }) {
          nodes.push({ node, queryId });
          return node;
        },
        transformResult: async ({ result }) => result,
      });
      await begin(newOwner());
      const generations = createGenerationStore({
        database: listened,
        now: () => nowMs,
        changes: createChanges(database, undefined),
      });
      const [row] = await generations.unfinished();
      expect(Object.keys(row ?? {})).toEqual(["id", "state"]);
      const [asked] = nodes;
      if (!asked) throw new Error("nothing was asked");
      const query = database.getExecutor().compileQuery(asked.node, asked.queryId);
      expect(await opened.explain(database, query)).toContain("generations_unfinished");
    });

    test("is never read as an answer that has ended and is empty", async () => {
      const owner = newOwner();
      for (let round = 0; round < 20; round++) {
        const generation = await begin(owner);
        const reads = Array.from({ length: 6 }, async (_, index) => {
          for (let turn = 0; turn < index; turn++) await Promise.resolve();
          return store.conversations.read(owner, generation.conversation_id);
        });
        await end(generation, "answer");
        for (const conversation of await Promise.all(reads)) {
          const answer = conversation?.messages[1];
          if (answer?.metadata?.state === "completed") expect(answer.parts).toHaveLength(1);
        }
      }
    });

    test("says that a deleted generation has no place for its end", async () => {
      const owner = newOwner();
      const generation = await begin(owner);
      await removeForGood(owner, generation.conversation_id);
      const projection = { parts: [], end: { state: "stopped" as const }, endEpoch: 1, endSeq: 4 };
      expect(await store.generations.project(generation.id, projection)).toBe(false);
      expect(await store.generations.addTakeover(generation.id)).toBeUndefined();
    });
  });

  describe("conversations", () => {
    test("are listed newest first, each once, though many are of the same millisecond", async () => {
      const owner = newOwner();
      const made: string[] = [];
      for (let index = 0; index < 25; index++) {
        if (index % 10 === 0) nowMs += 1;
        made.push((await store.conversations.create(owner, `number ${index}`)).id);
      }
      const listed: string[] = [];
      const times: string[] = [];
      let cursor: string | undefined;
      let pages = 0;
      do {
        const page = await store.conversations.list(owner, { limit: 4, ...(cursor !== undefined && { cursor }) });
        listed.push(...(page?.conversations.map(({ id }) => id) ?? []));
        times.push(...(page?.conversations.map(({ updatedAt }) => updatedAt) ?? []));
        cursor = page?.nextCursor ?? undefined;
        pages += 1;
        // What is made while somebody leafs through comes on top and moves nothing.
        if (pages === 2) nowMs += 1;
        if (pages === 2) await store.conversations.create(owner, "made meanwhile");
      } while (cursor !== undefined);
      expect(pages).toBe(7);
      expect(listed.toSorted()).toEqual(made.toSorted());
      expect(times).toEqual(times.toSorted().toReversed());
    });

    test("that are pinned come first, on whatever page the cursor stands", async () => {
      const owner = newOwner();
      const ids: string[] = [];
      for (let index = 0; index < 9; index++) {
        if (index % 2 === 0) nowMs += 1;
        ids.push((await store.conversations.create(owner, `${index}`)).id);
      }
      const pinned = [ids[1], ids[4], ids[6]].filter((id) => id !== undefined);
      for (const id of pinned) {
        expect(await store.conversations.change(owner, id, { pinned: true })).toMatchObject({ id, pinned: true });
      }
      const listed: { id: string; pinned: boolean; updatedAt: string }[] = [];
      let cursor: string | undefined;
      do {
        const page = await store.conversations.list(owner, { limit: 2, ...(cursor !== undefined && { cursor }) });
        listed.push(...(page?.conversations ?? []));
        cursor = page?.nextCursor ?? undefined;
      } while (cursor !== undefined);
      expect(listed.map(({ id }) => id).toSorted()).toEqual(ids.toSorted());
      expect(listed.slice(0, 3).map(({ id }) => id)).toEqual(pinned.toReversed());
      expect(listed.map((one) => one.pinned)).toEqual(listed.map((_, index) => index < 3));
      const times = listed.slice(3).map(({ updatedAt }) => updatedAt);
      expect(times).toEqual(times.toSorted().toReversed());
      await store.conversations.change(owner, ids[6] ?? "", { pinned: false });
      const unpinned = await store.conversations.list(owner, { limit: 9 });
      expect(unpinned?.conversations.filter((one) => one.pinned).map(({ id }) => id)).toEqual([ids[4], ids[1]]);
    });

    test("change only in what a change names", async () => {
      const owner = newOwner();
      const { id } = await store.conversations.create(owner, "first");
      const systemPrompt = "Answer in verse.\n\tAlways. 诗";
      const read = async (): Promise<unknown> => store.conversations.read(owner, id);
      expect(await read()).toMatchObject({ title: "first", pinned: false, systemPrompt: null });
      await store.conversations.change(owner, id, { systemPrompt });
      expect(await read()).toMatchObject({ title: "first", pinned: false, systemPrompt });
      await store.conversations.change(owner, id, { title: "second", pinned: true });
      expect(await read()).toMatchObject({ title: "second", pinned: true, systemPrompt });
      await store.conversations.change(owner, id, { systemPrompt: "" });
      expect(await read()).toMatchObject({ systemPrompt: "" });
      await store.conversations.change(owner, id, { systemPrompt: null });
      expect(await read()).toMatchObject({ title: "second", systemPrompt: null });
    });

    test("have no next page where the last one is exactly full", async () => {
      const owner = newOwner();
      for (let index = 0; index < 3; index++) await store.conversations.create(owner, "x");
      expect((await store.conversations.list(owner, { limit: 3 }))?.nextCursor).toBeNull();
      expect(await store.conversations.list(newOwner(), { limit: 3 })).toEqual({ conversations: [], nextCursor: null });
    });

    test.each(["", "x", "bm8", Buffer.from("1:a b").toString("base64url"), "\0"])(
      "know a cursor that is not theirs: %j",
      async (cursor) => {
        expect(await store.conversations.list(newOwner(), { limit: 3, cursor })).toBeUndefined();
      },
    );

    test("come to the top when they are asked something, not when they are renamed", async () => {
      const owner = newOwner();
      const first = await store.conversations.create(owner, "first");
      nowMs += 10;
      const second = await store.conversations.create(owner, "second");
      const order = async (): Promise<string[] | undefined> =>
        (await store.conversations.list(owner, { limit: 5 }))?.conversations.map(({ id }) => id);
      nowMs += 10;
      expect(await store.conversations.change(owner, first.id, { title: "renamed" })).toMatchObject({
        title: "renamed",
      });
      expect(await order()).toEqual([second.id, first.id]);
      await begin(owner, { conversationId: first.id });
      expect(await order()).toEqual([first.id, second.id]);
      expect((await store.conversations.read(owner, first.id))?.title).toBe("renamed");
    });

    test("that nobody named are named by the first question", async () => {
      const owner = newOwner();
      const { id } = await store.conversations.create(owner, "");
      await begin(owner, { conversationId: id, text: "  \n what now? " });
      expect((await store.conversations.read(owner, id))?.title).toBe("what now?");
    });

    test("that are deleted are seen by no read, and are as they were when they are restored", async () => {
      const owner = newOwner();
      const first = await begin(owner, { keys: ["key:undone"], text: "the question" });
      await end(first, "answer");
      const id = first.conversation_id;
      await store.conversations.change(owner, id, { pinned: true, systemPrompt: "be brief" });
      const read = await store.conversations.read(owner, id);
      const messageId = read?.messages[0]?.id ?? "";
      expect(await store.deleted.remove(owner, id)).toEqual({ running: undefined });
      expect(await store.deleted.remove(owner, id)).toBeUndefined();
      expect(await store.conversations.read(owner, id)).toBeUndefined();
      expect(await store.conversations.list(owner, { limit: 5 })).toEqual({ conversations: [], nextCursor: null });
      expect(await store.conversations.change(owner, id, { title: "x" })).toBeUndefined();
      expect(await store.messages.find(owner, id, messageId)).toBeUndefined();
      expect(await store.messages.choose(owner, id, messageId)).toEqual({ type: "not-found" });
      expect(await store.messages.remove(owner, id, messageId)).toEqual({ type: "not-found" });
      expect(await store.messages.generationIds(owner, id, messageId)).toEqual([]);
      expect(await store.generations.find(owner, first.id)).toBeUndefined();
      expect(await store.generations.begin(toRequest(owner, { conversationId: id }))).toEqual({ type: "not-found" });
      const byClient = toRequest(owner, { conversationId: id, createConversation: true });
      expect(await store.generations.begin(byClient)).toEqual({ type: "not-found" });
      expect(await store.deleted.restore(newOwner(), id)).toBeUndefined();
      nowMs += restorableMs - 1;
      expect(await store.deleted.expired(10)).toEqual([]);
      expect(await store.deleted.restore(owner, id)).toMatchObject({ id, pinned: true });
      expect(await store.conversations.read(owner, id)).toEqual(read);
      expect(await store.deleted.restore(owner, id)).toBeUndefined();
      expect((await store.generations.begin(toRequest(owner, { keys: ["key:undone"] }))).type).toBe("known");
    });

    test("that are deleted while they are answered name what is to be stopped, which still finds its end", async () => {
      const owner = newOwner();
      const generation = await begin(owner);
      const id = generation.conversation_id;
      expect(await store.deleted.remove(owner, id)).toMatchObject({ running: { id: generation.id } });
      expect(await store.generations.findUnfinished(owner, id)).toBeUndefined();
      await end(generation, "so far", "stopped");
      await store.deleted.restore(owner, id);
      expect((await store.conversations.read(owner, id))?.messages[1]).toMatchObject({
        parts: [{ type: "text", text: "so far" }],
        metadata: { state: "stopped" },
      });
    });

    test("free their keys at once, for what is asked next", async () => {
      const owner = newOwner();
      const first = await begin(owner, { keys: ["key:freed", "key:freed-too"] });
      await store.deleted.remove(owner, first.conversation_id);
      const request = toRequest(owner, { keys: ["key:freed"], requestHash: "another hash" });
      const results = await Promise.all([1, 2, 3].map(() => store.generations.begin(request)));
      expect(results.map(({ type }) => type).toSorted()).toEqual(["begun", "known", "known"]);
      await store.deleted.restore(owner, first.conversation_id);
      expect(await store.generations.begin(request)).toMatchObject({ type: "known" });
      expect((await store.generations.begin(toRequest(owner, { keys: ["key:freed-too"] }))).type).toBe("known");
    });

    test("are gone for good after ten minutes, with all that belongs to them, and can be restored no more", async () => {
      const owner = newOwner();
      const first = await begin(owner, { keys: ["key:gone"] });
      await end(first, "answer");
      const second = await begin(owner, { conversationId: first.conversation_id });
      const kept = await begin(owner);
      const id = first.conversation_id;
      await store.deleted.remove(owner, id);
      nowMs += restorableMs - 1;
      await store.deleted.purge(id);
      await store.deleted.purge(kept.conversation_id);
      expect(await countRows("messages", id)).toBe(4);
      nowMs += 1;
      expect(await store.deleted.restore(owner, id)).toBeUndefined();
      const [expired, ...others] = await store.deleted.expired(10);
      expect([expired?.id, others]).toEqual([id, []]);
      expect(expired?.generations).toHaveLength(2);
      expect(expired?.generations).toEqual(
        expect.arrayContaining([
          expect.objectContaining({ id: first.id, state: "completed" }),
          expect.objectContaining({ id: second.id, state: "queued" }),
        ]),
      );
      await store.deleted.purge(id);
      await store.deleted.purge(id);
      for (const table of ["messages", "generations", "generation_keys"] as const) {
        expect(await countRows(table, id)).toBe(0);
      }
      expect(await store.deleted.expired(10)).toEqual([]);
      expect(await store.conversations.read(owner, kept.conversation_id)).toBeDefined();
      expect((await begin(owner, { keys: ["key:gone"] })).id).not.toBe(first.id);
    });
  });

  test("keeps settings apart by owner", async () => {
    const [owner, other] = [newOwner(), newOwner()];
    expect(await store.settings.read(owner)).toEqual({ systemPrompt: "" });
    expect(await store.settings.write(owner, { systemPrompt: "one" })).toEqual({ systemPrompt: "one" });
    expect(await store.settings.write(owner, { systemPrompt: "two" })).toEqual({ systemPrompt: "two" });
    expect(await store.settings.read(owner)).toEqual({ systemPrompt: "two" });
    expect(await store.settings.read(other)).toEqual({ systemPrompt: "" });
  });

  describe("an answer with a prompt of its own", () => {
    const prompt: StoredPrompt = {
      messages: [
        { role: "system", text: "be brief" },
        { role: "user", text: "before\0after 你好" },
      ],
      settings: { temperature: 0.5, stopSequences: ["\n\n"] },
    };
    const beginHidden = (owner: string, request: Partial<BeginRequest> = {}): Promise<GenerationRow> =>
      begin(owner, { text: "", chooseModel: () => model, prompt, ...request });

    test("keeps its prompt, and belongs to no conversation that is listed or can be gone on with", async () => {
      const owner = newOwner();
      const listed = await begin(owner);
      const generation = await beginHidden(owner);
      expect(toStoredPrompt(generation)).toEqual(prompt);
      expect(toStoredPrompt(listed)).toBeUndefined();
      const page = await store.conversations.list(owner, { limit: 10 });
      expect(page?.conversations.map(({ id }) => id)).toEqual([listed.conversation_id]);
      await end(generation, "an answer", "stopped");
      for (const trigger of ["submit-message", "continue-message", "regenerate-message"] as const) {
        const text = trigger === "submit-message" ? "and now?" : undefined;
        const next = toRequest(owner, { trigger, text, conversationId: generation.conversation_id });
        expect(await store.generations.begin(next)).toEqual({ type: "not-found" });
      }
      const read = await store.conversations.read(owner, generation.conversation_id);
      expect(read?.messages.map(({ parts }) => parts)).toEqual([[{ type: "text", text: "an answer" }]]);
    });

    test("is begun once for one key, however often it is asked for at the same time", async () => {
      for (let round = 0; round < 10; round += 1) {
        const owner = newOwner();
        const ask = (): Promise<BeginResult> =>
          store.generations.begin(toRequest(owner, { text: "", prompt, keys: [`key:hidden-${round}`] }));
        const results = await Promise.all([ask(), ask(), ask()]);
        expect(results.map(({ type }) => type).toSorted()).toEqual(["begun", "known", "known"]);
        expect(new Set(results.map((result) => "generation" in result && result.generation.id)).size).toBe(1);
      }
    });

    test("is removed some time after its end, once its log expires, and only then", async () => {
      const owner = newOwner();
      const [listed, ended, running] = [await begin(owner), await beginHidden(owner), await beginHidden(owner)];
      nowMs += 5000;
      await end(ended, "an answer");
      await end(listed, "another");
      nowMs += 1000;
      const isThere = async ({ id }: GenerationRow): Promise<boolean> =>
        (await store.generations.find(owner, id)) !== undefined;
      await store.generations.removeHidden(1000);
      expect(await isThere(ended)).toBe(true);
      await store.generations.removeHidden(999);
      expect(await isThere(ended)).toBe(true);
      expect(await store.generations.withKeptLogs(1000)).toEqual(expect.arrayContaining([ended.id, listed.id]));
      expect(await store.generations.withKeptLogs(1000)).not.toContain(running.id);
      await store.generations.setLogExpires(ended.id);
      expect(await store.generations.withKeptLogs(1000)).not.toContain(ended.id);
      await store.generations.removeHidden(999);
      expect(await isThere(ended)).toBe(false);
      expect(await store.generations.findMessage(ended.message_id)).toBeUndefined();
      expect([await isThere(listed), await isThere(running)]).toEqual([true, true]);
    });
  });

  test("shows nothing of an owner to another one", async () => {
    const owner = newOwner();
    const other = newOwner();
    const generation = await begin(owner);
    const id = generation.conversation_id;
    expect(await store.conversations.read(other, id)).toBeUndefined();
    expect(await store.conversations.change(other, id, { title: "mine now" })).toBeUndefined();
    expect(await store.deleted.remove(other, id)).toBeUndefined();
    expect((await store.conversations.list(other, { limit: 5 }))?.conversations).toEqual([]);
    expect(await store.generations.find(other, generation.id)).toBeUndefined();
    expect(await store.generations.findUnfinished(other, id)).toBeUndefined();
    expect(await store.generations.begin(toRequest(other, { conversationId: id }))).toEqual({ type: "not-found" });
    expect(await store.conversations.read(owner, id)).toMatchObject({ id, title: "a question" });
  });

  test.each([
    ["emoji", "\u{1F469}‍\u{1F469}‍\u{1F467}‍\u{1F466} \u{1F3F4}\u{E0067}\u{E0062}\u{E007F} ok"],
    ["right to left", "שלום، \u202Eمرحبا\u202C עולם"],
    ["NUL", "before\0after"],
    ["control characters", "a\u0001\u001F\u007F\u0085\u2028\u2029b"],
    ["BOM and lookalikes", "\uFEFFa\u00A0b\uFFFF"],
    ["quotes and backslashes", `"'\\ \\u0000 $1 %s {"a":1}`],
  ])("keeps a message of %s as it is, as question, answer and kept text", async (_name, text) => {
    const owner = newOwner();
    const first = await begin(owner, { text });
    await end(first, text, "stopped");
    const conversation = await store.conversations.read(owner, first.conversation_id);
    expect(conversation?.messages.map(({ parts }) => parts)).toEqual([
      [{ type: "text", text }],
      [{ type: "text", text }],
    ]);
    expect(conversation?.title).not.toMatch(/\p{Cc}/u);
    expect(conversation?.title.isWellFormed()).toBe(true);
    const next = await begin(owner, {
      trigger: "continue-message",
      conversationId: first.conversation_id,
      text: undefined,
    });
    expect(toGivenText(next)).toBe(text);
  });
}

function begunOf(result: BeginResult): GenerationRow {
  if (result.type !== "begun") throw new Error(`not begun: ${result.type}`);
  return result.generation;
}
