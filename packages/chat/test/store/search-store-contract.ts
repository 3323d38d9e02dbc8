/** What search must find in every database: the same terms, kept with the texts that they are of. */
import type { Kysely } from "kysely";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { MessagePart } from "../../src/protocol.ts";
import { type ChatStore, openChatStore } from "../../src/store/index.ts";
import { restorableMs } from "../../src/store/deleted.ts";
import type { GenerationRow } from "../../src/store/rows.ts";
import type { Schema } from "../../src/store/schema.ts";
import type { OpenedDatabase } from "./chat-store-contract.ts";

export function testSearchStore(open: () => Promise<OpenedDatabase>): void {
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

  async function ask(owner: string, text: string, conversationId?: string): Promise<GenerationRow> {
    nowMs += 1;
    const begun = await store.generations.begin({
      ownerId: owner,
      trigger: "submit-message",
      conversationId,
      createConversation: false,
      text,
      messageId: undefined,
      chooseModel: () => "scripted/one",
      keys: [],
      requestHash: "hash",
    });
    if (begun.type !== "begun") throw new Error(begun.type);
    return begun.generation;
  }

  async function answer(generation: GenerationRow, ...parts: MessagePart[]): Promise<void> {
    const end = { state: "completed" as const, finishReason: "stop" as const };
    await store.generations.project(generation.id, { parts, end, endEpoch: 1, endSeq: 7 });
  }

  async function talk(owner: string, question: string, text: string, conversationId?: string): Promise<GenerationRow> {
    const generation = await ask(owner, question, conversationId);
    await answer(generation, { type: "text", text });
    return generation;
  }

  const find = async (owner: string, question: string, limit = 20): Promise<string[]> =>
    (await store.search.find(owner, question, limit)).map(({ conversation }) => conversation.id);

  /** Rows that stand for nothing any more. */
  async function countOrphans(): Promise<number> {
    const documents = await database.selectFrom("search_documents").select(["conversation_id", "message_id"]).execute();
    const conversations = await database.selectFrom("conversations").select("id").execute();
    const messages = await database.selectFrom("messages").select("id").execute();
    const ids = new Set([...conversations, ...messages].map(({ id }) => id));
    return documents.filter(
      (row) => !ids.has(row.conversation_id) || (row.message_id !== null && !ids.has(row.message_id)),
    ).length;
  }

  test("finds titles, questions and answers of both roles, each where it stands", async () => {
    const owner = newOwner();
    const { conversation_id: id, message_id: answerId } = await talk(
      owner,
      "How do I fry an egg?",
      "Heat the skillet.",
    );
    await store.conversations.change(owner, id, { title: "Breakfast" });
    const questionId = (await store.conversations.read(owner, id))?.messages[0]?.id;
    const [inTitle] = await store.search.find(owner, "breakf", 5);
    expect(inTitle).toMatchObject({ conversation: { id, title: "Breakfast" }, messageId: null, snippet: "Breakfast" });
    expect(inTitle?.matches).toEqual([[0, 9]]);
    const [inQuestion] = await store.search.find(owner, "egg fry", 5);
    expect(inQuestion).toMatchObject({ messageId: questionId, snippet: "How do I fry an egg?" });
    const [inAnswer] = await store.search.find(owner, "skillet", 5);
    expect(inAnswer).toMatchObject({ messageId: answerId, snippet: "Heat the skillet.", matches: [[9, 16]] });
  });

  test.each([
    ["Wie heißt die Straße in Łódź?", "STRASSE lodz"],
    ["如何备份服务器的数据库", "数据库"],
    ["如何备份服务器的数据库", "库"],
    ["데이터베이스는 어디에", "데이터베이스"],
    ["データベースのバックアップ", "バックア"],
    ["कंप्यूटर की भाषा", "भाषा"],
    ["𞤀𞤣𞤤𞤢𞤥 𞤆𞤵𞤤𞤢𞤪", "𞤆𞤵𞤤"],
    ["version 2.0.1 of node-24", "node 24"],
    [`"quotes" and 'apostrophes' and back\\slash`, "apostrophes slash quotes"],
    ["NEAR(a b) OR NOT x* AND y:z", "near OR not and z"],
    ["x".repeat(5000), "x".repeat(5000)],
  ])("finds %j by %j", async (text, question) => {
    const owner = newOwner();
    const { conversation_id: id } = await ask(owner, text);
    await ask(owner, "something else altogether");
    expect(await find(owner, question)).toEqual([id]);
  });

  test.each(["", "?!", '"', "'", "*", ":*", "a & | !", "x -y", "NEAR/2", "\\", "(", "0) OR 1=1 --"])(
    "is not misled by %j",
    async (question) => {
      const owner = newOwner();
      await ask(owner, "harmless");
      expect(await find(owner, question)).toEqual([]);
    },
  );

  test("wants all words in one place, the last one perhaps only begun", async () => {
    const owner = newOwner();
    const { conversation_id: id } = await talk(owner, "apples", "bananas and cherries");
    expect(await find(owner, "bananas cherr")).toEqual([id]);
    expect(await find(owner, "cherr bananas")).toEqual([]);
    expect(await find(owner, "apples bananas")).toEqual([]);
  });

  test("names each conversation once, the best first, and no more than are wanted", async () => {
    const owner = newOwner();
    const often = await talk(owner, "tell me of whales", "Whales, whales and whales: whales sing.");
    for (let turn = 0; turn < 5; turn++)
      await talk(owner, "more whales", "A whale is not among whales.", often.conversation_id);
    const once = await talk(owner, "a long question", `${"other words that dilute it ".repeat(80)} whales`);
    const titled = await talk(owner, "unrelated", "nothing of the kind");
    await store.conversations.change(owner, titled.conversation_id, { title: "Whales" });
    const found = await find(owner, "whales");
    expect(found.toSorted()).toEqual([often, once, titled].map((row) => row.conversation_id).toSorted());
    expect(found[0]).toBe(titled.conversation_id);
    expect(found.at(-1)).toBe(once.conversation_id);
    expect(await find(owner, "whales", 2)).toEqual(found.slice(0, 2));
  });

  test("looks into no reasoning, and into every branch", async () => {
    const owner = newOwner();
    const generation = await ask(owner, "first try");
    await answer(generation, { type: "reasoning", text: "secretthought" }, { type: "text", text: "firstanswer" });
    const again = await store.generations.begin({
      ownerId: owner,
      trigger: "regenerate-message",
      conversationId: generation.conversation_id,
      createConversation: false,
      text: undefined,
      messageId: undefined,
      chooseModel: () => "scripted/one",
      keys: [],
      requestHash: "hash",
    });
    if (again.type !== "begun") throw new Error(again.type);
    await answer(again.generation, { type: "text", text: "secondanswer" });
    expect(await find(owner, "secretthought")).toEqual([]);
    expect(await find(owner, "firstanswer")).toEqual([generation.conversation_id]);
    expect(await find(owner, "secondanswer")).toEqual([generation.conversation_id]);
  });

  describe("what changes is found as it is now", () => {
    test("a title", async () => {
      const owner = newOwner();
      const { id } = await store.conversations.create(owner, "oldname");
      expect(await find(owner, "oldname")).toEqual([id]);
      await store.conversations.change(owner, id, { title: "newname" });
      expect([await find(owner, "oldname"), await find(owner, "newname")]).toEqual([[], [id]]);
      await store.conversations.change(owner, id, { pinned: true });
      expect(await find(owner, "newname")).toEqual([id]);
    });

    test("titles that are changed at the same time", async () => {
      const owner = newOwner();
      const { id } = await store.conversations.create(owner, "contested");
      await Promise.all(
        ["one", "two", "three", "four"].map((title) => store.conversations.change(owner, id, { title })),
      );
      const title = (await store.conversations.read(owner, id))?.title ?? "";
      const found = await Promise.all(["one", "two", "three", "four"].map((word) => find(owner, word)));
      expect(found.flat()).toEqual([id]);
      expect(await find(owner, title)).toEqual([id]);
    });

    test("a message that was removed, a conversation that was deleted, restored, and gone for good", async () => {
      const owner = newOwner();
      const first = await talk(owner, "keepme", "firstreply");
      const second = await talk(owner, "dropme", "secondreply", first.conversation_id);
      const id = first.conversation_id;
      const messages = (await store.conversations.read(owner, id))?.messages ?? [];
      await store.messages.remove(owner, id, messages[2]?.id ?? "");
      expect([await find(owner, "dropme"), await find(owner, "secondreply")]).toEqual([[], []]);
      expect(await find(owner, "firstreply")).toEqual([id]);
      expect(second.conversation_id).toBe(id);
      await store.deleted.remove(owner, id);
      expect(await find(owner, "firstreply")).toEqual([]);
      await store.deleted.restore(owner, id);
      expect(await find(owner, "firstreply")).toEqual([id]);
      await store.deleted.remove(owner, id);
      nowMs += restorableMs;
      await store.deleted.purge(id);
      expect(await find(owner, "firstreply")).toEqual([]);
      expect(await countOrphans()).toBe(0);
      // What SQLite gives the place of what is gone is not found by its words.
      const { conversation_id: nextId } = await talk(owner, "other", "words");
      expect([await find(owner, "keepme"), await find(owner, "words")]).toEqual([[], [nextId]]);
    });
  });

  test("finds nothing of another owner, and nothing of answers that are in no list", async () => {
    const owner = newOwner();
    await talk(owner, "confidential", "matters");
    expect([await find(newOwner(), "confidential"), await find(newOwner(), "matters")]).toEqual([[], []]);
    const begun = await store.generations.begin({
      ownerId: owner,
      trigger: "submit-message",
      conversationId: undefined,
      createConversation: false,
      text: "",
      messageId: undefined,
      chooseModel: () => "scripted/one",
      keys: [],
      requestHash: "hash",
      prompt: { messages: [{ role: "user", text: "hiddenquestion" }], settings: {} },
    });
    if (begun.type !== "begun") throw new Error(begun.type);
    await answer(begun.generation, { type: "text", text: "hiddenanswer" });
    expect([await find(owner, "hiddenquestion"), await find(owner, "hiddenanswer")]).toEqual([[], []]);
  });

  test("stores a text whole whatever is in it, and finds its beginning", async () => {
    const owner = newOwner();
    const pairs = Array.from({ length: 100_000 }, (_, index) =>
      String.fromCodePoint(0x4e00 + ((index * 7919) % 20_900)),
    );
    for (const text of [
      `start ${pairs.join("")}`,
      `start ${"word ".repeat(100_000)}`,
      "start\0\u0001\uFFFF \u{1F469}‍\u{1F467}",
    ]) {
      const generation = await ask(owner, "question");
      await answer(generation, { type: "text", text });
      expect(await find(owner, "start")).toContain(generation.conversation_id);
      const read = await store.conversations.read(owner, generation.conversation_id);
      expect(read?.messages[1]?.parts).toEqual([{ type: "text", text }]);
    }
  });
}
