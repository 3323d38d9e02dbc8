/** What every database must do with the tree of a conversation's messages. Runs on SQLite and on a real PostgreSQL. */
import { afterAll, beforeAll, expect, test } from "vitest";
import type { BeginRequest } from "../../src/store/begin.ts";
import { type ChatStore, openChatStore } from "../../src/store/index.ts";
import type { GenerationRow } from "../../src/store/rows.ts";
import type { OpenedDatabase } from "./chat-store-contract.ts";

export function testMessageStore(open: () => Promise<OpenedDatabase>): void {
  let opened: OpenedDatabase;
  let store: ChatStore;
  let nowMs = 1_700_000_000_000;
  let owners = 0;

  beforeAll(async () => {
    opened = await open();
    store = await openChatStore({ database: opened.connect(), now: () => nowMs });
  });
  afterAll(async () => {
    await store[Symbol.asyncDispose]();
    await opened.close();
  });

  const newOwner = (): string => `owner-${++owners}`;

  /** Begins an answer, a second later than the one before. */
  async function begin(ownerId: string, request: Partial<BeginRequest>): Promise<GenerationRow> {
    nowMs += 1000;
    const result = await store.generations.begin({
      ownerId,
      trigger: "submit-message",
      conversationId: undefined,
      createConversation: false,
      text: undefined,
      messageId: undefined,
      chooseModel: () => "scripted/one",
      keys: [],
      requestHash: String(nowMs),
      ...request,
    });
    if (result.type !== "begun") throw new Error(`not begun: ${result.type}`);
    return result.generation;
  }

  async function end({ id }: GenerationRow, text: string): Promise<void> {
    await store.generations.project(id, {
      parts: [{ type: "text", text }],
      end: { state: "completed", finishReason: "stop" },
      endEpoch: 1,
      endSeq: 7,
    });
  }

  /** Asks and is answered. @returns the answer's message ID. */
  async function ask(
    ownerId: string,
    conversationId: string | undefined,
    text: string,
  ): Promise<{ conversationId: string; answerId: string; questionId: string }> {
    const generation = await begin(ownerId, { conversationId, text });
    await end(generation, `answer to ${text}`);
    const question = (await read(ownerId, generation.conversation_id)).at(-2);
    return {
      conversationId: generation.conversation_id,
      answerId: generation.message_id,
      questionId: question?.id ?? "",
    };
  }

  async function read(
    ownerId: string,
    id: string,
  ): Promise<{ id: string; text: string; siblingIds: string[] | undefined }[]> {
    const conversation = await store.conversations.read(ownerId, id);
    return (conversation?.messages ?? []).map((message) => ({
      id: message.id,
      text: message.parts.map((part) => ("text" in part ? part.text : "")).join(""),
      siblingIds: message.siblingIds,
    }));
  }

  async function textsOf(ownerId: string, id: string): Promise<string[]> {
    return (await read(ownerId, id)).map(({ text }) => text);
  }

  /** Two questions; the first was edited into a second branch, whose answer was tried again. */
  async function growTree(
    ownerId: string,
  ): Promise<{ id: string; first: string; edited: string; answers: string[]; follower: string }> {
    const begun = await ask(ownerId, undefined, "one");
    const id = begun.conversationId;
    const follower = await ask(ownerId, id, "more");
    const again = await begin(ownerId, {
      conversationId: id,
      text: "one, edited",
      edit: { messageId: begun.questionId, key: undefined },
    });
    await end(again, "answer to the edit");
    const edited = (await read(ownerId, id)).at(-2)?.id ?? "";
    const retried = await begin(ownerId, {
      conversationId: id,
      trigger: "regenerate-message",
      messageId: again.message_id,
    });
    await end(retried, "answer tried again");
    return {
      id,
      first: begun.questionId,
      edited,
      answers: [again.message_id, retried.message_id],
      follower: follower.answerId,
    };
  }

  test("names the siblings of each message that has some, oldest first", async () => {
    const owner = newOwner();
    const tree = await growTree(owner);
    const shown = await read(owner, tree.id);
    expect(shown).toEqual([
      { id: tree.edited, text: "one, edited", siblingIds: [tree.first, tree.edited] },
      { id: tree.answers[1], text: "answer tried again", siblingIds: tree.answers },
    ]);
    const found = await store.messages.find(owner, tree.id, tree.first);
    expect(found).toMatchObject({ role: "user", siblingIds: [tree.first, tree.edited] });
    expect(await store.messages.find(owner, tree.id, tree.follower)).not.toHaveProperty("siblingIds");
  });

  test("shows the newest branch that holds the chosen message", async () => {
    const owner = newOwner();
    const tree = await growTree(owner);
    expect(await store.messages.choose(owner, tree.id, tree.first)).toMatchObject({
      type: "chosen",
      conversation: { id: tree.id },
    });
    expect(await textsOf(owner, tree.id)).toEqual(["one", "answer to one", "more", "answer to more"]);
    await store.messages.choose(owner, tree.id, tree.edited);
    expect(await textsOf(owner, tree.id)).toEqual(["one, edited", "answer tried again"]);
    await store.messages.choose(owner, tree.id, tree.answers[0] ?? "");
    expect(await textsOf(owner, tree.id)).toEqual(["one, edited", "answer to the edit"]);
    // What is asked next follows what is shown.
    await ask(owner, tree.id, "then?");
    expect(await textsOf(owner, tree.id)).toEqual(["one, edited", "answer to the edit", "then?", "answer to then?"]);
    await store.messages.choose(owner, tree.id, tree.edited);
    expect(await textsOf(owner, tree.id)).toHaveLength(4);
  });

  test("edits only a question of that conversation, and only a known one", async () => {
    const owner = newOwner();
    const tree = await growTree(owner);
    const other = await ask(owner, undefined, "elsewhere");
    for (const messageId of [tree.answers[0] ?? "", other.questionId, "unknown"]) {
      const result = await store.generations.begin({
        ownerId: owner,
        trigger: "submit-message",
        conversationId: tree.id,
        createConversation: false,
        text: "new text",
        messageId,
        edit: { messageId, key: undefined },
        chooseModel: () => "scripted/one",
        keys: [],
        requestHash: "hash",
      });
      expect(result).toEqual({ type: "not-found" });
    }
    expect(await textsOf(owner, tree.id)).toEqual(["one, edited", "answer tried again"]);
  });

  test("removes a message with all below it, and shows what is left beside it", async () => {
    const owner = newOwner();
    const tree = await growTree(owner);
    const removed = await store.messages.remove(owner, tree.id, tree.answers[1] ?? "");
    expect(removed).toMatchObject({ type: "removed", conversation: { id: tree.id } });
    expect(await read(owner, tree.id)).toEqual([
      { id: tree.edited, text: "one, edited", siblingIds: [tree.first, tree.edited] },
      { id: tree.answers[0], text: "answer to the edit", siblingIds: undefined },
    ]);
    await store.messages.remove(owner, tree.id, tree.edited);
    expect(await textsOf(owner, tree.id)).toEqual(["one", "answer to one", "more", "answer to more"]);
    const [, , more] = await read(owner, tree.id);
    await store.messages.remove(owner, tree.id, more?.id ?? "");
    expect(await textsOf(owner, tree.id)).toEqual(["one", "answer to one"]);
    await store.messages.remove(owner, tree.id, tree.first);
    expect(await textsOf(owner, tree.id)).toEqual([]);
    expect(await store.messages.find(owner, tree.id, tree.first)).toBeUndefined();
    // An empty conversation is one to begin again.
    await ask(owner, tree.id, "anew");
    expect(await textsOf(owner, tree.id)).toEqual(["anew", "answer to anew"]);
  });

  test("leaves what is shown as it is where another branch is removed", async () => {
    const owner = newOwner();
    const tree = await growTree(owner);
    const ids = await store.messages.generationIds(owner, tree.id, tree.first);
    expect(ids).toHaveLength(2);
    const removed = await store.messages.remove(owner, tree.id, tree.first);
    expect(removed.type === "removed" && removed.generationIds.toSorted()).toEqual(ids.toSorted());
    for (const id of ids) expect(await store.generations.find(owner, id)).toBeUndefined();
    expect(await read(owner, tree.id)).toEqual([
      { id: tree.edited, text: "one, edited", siblingIds: undefined },
      { id: tree.answers[1], text: "answer tried again", siblingIds: tree.answers },
    ]);
  });

  test("removes a long branch whole", async () => {
    const owner = newOwner();
    const { conversationId, questionId } = await ask(owner, undefined, "0");
    for (let index = 1; index < 300; index++) await ask(owner, conversationId, String(index));
    const removed = await store.messages.remove(owner, conversationId, questionId);
    expect(removed.type === "removed" && removed.generationIds).toHaveLength(300);
    expect(await textsOf(owner, conversationId)).toEqual([]);
  });

  test("changes nothing while an answer is on its way", async () => {
    const owner = newOwner();
    const tree = await growTree(owner);
    const { id } = await begin(owner, { conversationId: tree.id, text: "pending" });
    const busy = { type: "busy", generationId: id };
    expect(await store.messages.choose(owner, tree.id, tree.first)).toEqual(busy);
    expect(await store.messages.remove(owner, tree.id, tree.first)).toEqual(busy);
    expect(await textsOf(owner, tree.id)).toHaveLength(4);
  });

  test("holds together when branches are chosen, removed and begun at the same time", async () => {
    const owner = newOwner();
    const tree = await growTree(owner);
    for (let round = 0; round < 8; round++) {
      const [begun] = await Promise.all([
        begin(owner, { conversationId: tree.id, text: `round ${round}` }),
        store.messages.choose(owner, tree.id, tree.first),
        store.messages.choose(owner, tree.id, tree.edited),
      ]);
      const running = await store.conversations.read(owner, tree.id);
      // The running answer is what is shown, from its first message on.
      expect(running?.messages.at(-1)?.id).toBe(begun.message_id);
      expect(running?.messages[0]?.parentId).toBeNull();
      await end(begun, `answer ${round}`);
    }
    for (let round = 0; round < 8; round++) {
      const { questionId } = await ask(owner, tree.id, `victim ${round}`);
      const [begun] = await Promise.allSettled([
        begin(owner, { conversationId: tree.id, text: `after ${round}` }),
        store.messages.remove(owner, tree.id, questionId),
      ]);
      const { messages } = (await store.conversations.read(owner, tree.id)) ?? { messages: [] };
      expect(messages[0]?.parentId).toBeNull();
      if (begun.status === "fulfilled") await end(begun.value, `answer after ${round}`);
    }
  });

  test("keeps files to the byte, with their conversation or for a day", async () => {
    const owner = newOwner();
    const data = Uint8Array.from({ length: 70_000 }, (_, index) => (index * 7) % 256);
    const add = async (): Promise<string> =>
      (await store.attachments.add(owner, { name: "ä.png", mediaType: "image/png", data })).id;
    const read = async (id: string): Promise<Uint8Array | undefined> => {
      const stored = await store.attachments.read(owner, id);
      return stored && Uint8Array.from(stored.data);
    };
    const [used, unused] = [await add(), await add()];
    expect(await read(used)).toEqual(data);
    expect(await store.attachments.read(newOwner(), used)).toBeUndefined();
    const generation = await begin(owner, { text: "look", attachmentIds: [used] });
    expect(await store.generations.readFile(generation, used)).toHaveLength(70_000);
    expect(await store.generations.readFile(generation, unused)).toBeUndefined();
    await end(generation, "seen");
    nowMs += 86_400_000 - 1000;
    const young = await add();
    await store.generations.removeUnusedFiles();
    expect(await read(unused)).toBeDefined();
    nowMs += 1;
    await store.generations.removeUnusedFiles();
    expect([await read(unused), (await read(used))?.length, (await read(young))?.length]).toEqual([
      undefined,
      70_000,
      70_000,
    ]);
  });

  test("keeps owners apart", async () => {
    const tree = await growTree(newOwner());
    const other = newOwner();
    expect(await store.messages.find(other, tree.id, tree.first)).toBeUndefined();
    expect(await store.messages.choose(other, tree.id, tree.first)).toEqual({ type: "not-found" });
    expect(await store.messages.generationIds(other, tree.id, tree.first)).toEqual([]);
    expect(await store.messages.remove(other, tree.id, tree.first)).toEqual({ type: "not-found" });
    const mine = await ask(other, undefined, "mine");
    for (const id of [tree.first, "unknown"]) {
      expect(await store.messages.find(other, mine.conversationId, id)).toBeUndefined();
      expect(await store.messages.choose(other, mine.conversationId, id)).toEqual({ type: "not-found" });
      expect(await store.messages.remove(other, mine.conversationId, id)).toEqual({ type: "not-found" });
    }
  });
}
