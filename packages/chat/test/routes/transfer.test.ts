/** Export and import as a client sees them: what is taken out of one server and put into another is the same there. */
import * as v from "valibot";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Conversation, Export, ExportedConversation, Imported } from "../../src/protocol.ts";
import { textOf } from "./blocks.ts";
import { type ChatServer, openChatServer } from "./chat-server.ts";
import { finish, say, silence, think } from "./fake-provider.ts";
import { conversationSchema, exportSchema, importedSchema, problemSchema } from "./wire-schema.ts";

let chat: ChatServer;
beforeAll(async () => {
  chat = await openChatServer();
  chat.provider.script("endless", async function* ({ signal }) {
    yield say("and so on");
    await silence(signal);
  });
  chat.provider.script("rich", async function* () {
    yield think("hm");
    yield say("**bold** 👩‍🚀");
    yield { type: "source", sourceId: "s1", url: "https://example.org/a", title: "A [source]" };
    yield finish;
  });
});
afterAll(() => chat[Symbol.asyncDispose]());

let owners = 0;
const newOwner = (): { "x-owner": string } => ({ "x-owner": `owner-${++owners}` });

async function exportAll(headers: { "x-owner": string }): Promise<Export> {
  const response = await chat.fetch("/api/export", { headers });
  expect(response.headers.get("content-disposition")).toMatch(/^attachment; /u);
  return v.parse(exportSchema, await response.json()) as Export;
}

async function importAs(headers: { "x-owner": string }, body: unknown): Promise<Imported["conversations"]> {
  const response = await chat.send("POST", "/api/import", body, headers);
  const json: unknown = await response.json();
  expect([response.status, json]).toMatchObject([201, {}]);
  return v.parse(importedSchema, json).conversations;
}

async function read(headers: { "x-owner": string }, id: string): Promise<Conversation> {
  const response = await chat.fetch(`/api/conversations/${id}`, { headers });
  return v.parse(conversationSchema, await response.json()) as Conversation;
}

/** Without what is another's in another place: IDs. */
const withoutIds = (exported: Export): unknown =>
  JSON.parse(JSON.stringify(exported.conversations.map(withIdsInOrder)));

function withIdsInOrder(conversation: ExportedConversation): ExportedConversation {
  const ids = new Map<string | null, string | null>([[null, null]]);
  for (const { id } of conversation.messages) ids.set(id, String(ids.size));
  const nameOf = (id: string | null): string | null => ids.get(id) ?? "unknown";
  const messages = conversation.messages.map((message) => ({
    ...message,
    id: nameOf(message.id) ?? "",
    parentId: nameOf(message.parentId),
  }));
  return { ...conversation, messages, headMessageId: nameOf(conversation.headMessageId) };
}

/** Two conversations: one with branches and everything that a message can hold. */
async function fill(owner: { "x-owner": string }): Promise<string> {
  const { conversationId: id } = await chat.ask({ message: "rich" }, owner);
  await chat.ask({ trigger: "regenerate-message", conversationId: id }, owner);
  await chat.ask({ message: "after that", conversationId: id }, owner);
  await chat.send(
    "PATCH",
    `/api/conversations/${id}`,
    { title: 'a/b "c" 名', pinned: true, systemPrompt: "be brief" },
    owner,
  );
  await chat.ask({ message: "another" }, owner);
  return id;
}

test("all that one owner has is the same with another one, branches, times and all, and can be gone on with", async () => {
  const [owner, other] = [newOwner(), newOwner()];
  const id = await fill(owner);
  const exported = await exportAll(owner);
  expect(exported.conversations).toHaveLength(2);
  const imported = await importAs(other, exported);
  expect(imported.map(({ title }) => title)).toEqual(['a/b "c" 名', "another"]);
  expect(withoutIds(await exportAll(other))).toEqual(withoutIds(exported));
  const there = await read(other, imported[0]?.id ?? "");
  const here = await read(owner, id);
  expect(there.messages.map(({ parts, createdAt }) => [parts, createdAt])).toEqual(
    here.messages.map(({ parts, createdAt }) => [parts, createdAt]),
  );
  expect(there.messages[1]?.siblingIds).toHaveLength(2);
  expect(new Set([...there.messages, ...here.messages].map((message) => message.id)).size).toBe(8);
  // Its answers are followed like any other, and it is found.
  const generationId = there.messages[1]?.metadata?.generationId ?? "";
  const followed = await chat.open(`/api/generations/${generationId}/events`, { headers: other });
  await followed.rest();
  expect(textOf(followed.blocks)).toBe("**bold** 👩‍🚀");
  const found = await chat.fetch("/api/conversations/search?q=bold", { headers: other });
  expect(await found.json()).toMatchObject({ results: [{ conversation: { id: there.id } }] });
  await chat.ask({ message: "next", conversationId: there.id }, other);
  expect((await read(other, there.id)).messages).toHaveLength(6);
  expect(chat.provider.requests.at(-1)?.messages.map(({ role }) => role)).toEqual([
    "system",
    "user",
    "assistant",
    "user",
    "assistant",
    "user",
  ]);
  expect(withoutIds(await exportAll(owner))).toEqual(withoutIds(exported));
});

const png = Uint8Array.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a, 1, 2, 3, 0xff]);

test("files go along: the same bytes, the new owner's own", async () => {
  const [owner, other] = [newOwner(), newOwner()];
  const upload = async (body: Uint8Array<ArrayBuffer>, type: string, name: string): Promise<string> => {
    const headers = { ...owner, "Content-Type": type, "Typebar-Filename": encodeURIComponent(name) };
    const response = await chat.fetch("/api/attachments", { method: "POST", headers, body });
    return ((await response.json()) as { id: string }).id;
  };
  const large = new Uint8Array(5_000_000).fill(7);
  large.set(png);
  const attachmentIds = [
    await upload(large, "image/png", "图.png"),
    await upload(new TextEncoder().encode("a text"), "text/plain", "a.txt"),
  ];
  const { conversationId } = await chat.ask({ message: "look", attachmentIds, model: "fake/llava" }, owner);
  const exported = await exportAll(owner);
  const [imported] = await importAs(other, exported);
  const { messages } = await read(other, imported?.id ?? "");
  expect(messages[0]?.parts.map(({ type }) => type)).toEqual(["file", "file", "text"]);
  const urls = messages[0]?.parts.flatMap((part) => (part.type === "file" ? [part.url] : [])) ?? [];
  const bytes = await Promise.all(
    urls.map(async (url) => new Uint8Array(await (await chat.fetch(url, { headers: other })).arrayBuffer())),
  );
  expect(Buffer.compare(bytes[0] ?? png, large)).toBe(0);
  expect(new TextDecoder().decode(bytes[1])).toBe("a text");
  for (const url of urls) expect((await chat.fetch(url, { headers: owner })).status).toBe(404);
  expect(withoutIds(await exportAll(other))).toEqual(withoutIds(exported));
  const path = `/api/conversations/${conversationId}/export?format=markdown`;
  expect(await (await chat.fetch(path, { headers: owner })).text()).toContain("## User\n\n- 图.png\n- a.txt\n\nlook");
});

test("one conversation is exported as JSON that can be imported, and as Markdown of what is shown", async () => {
  const owner = newOwner();
  const id = await fill(owner);
  const json = await chat.fetch(`/api/conversations/${id}/export`, { headers: owner });
  expect(json.headers.get("content-disposition")).toBe(
    `attachment; filename="conversation.json"; filename*=UTF-8''a%20b%20c%20%E5%90%8D.json`,
  );
  const exported = v.parse(exportSchema, await json.json()) as Export;
  expect(exported.conversations).toEqual([(await exportAll(owner)).conversations[0]]);
  expect(await importAs(newOwner(), exported)).toHaveLength(1);
  const markdown = await chat.fetch(`/api/conversations/${id}/export?format=markdown`, { headers: owner });
  expect(markdown.headers.get("content-type")).toBe("text/markdown; charset=utf-8");
  expect((await markdown.text()).split("\n\n")).toEqual([
    '# a/b "c" 名',
    "## User",
    "rich",
    "## fake/one",
    "**bold** 👩‍🚀",
    "- [A \\[source\\]](<https://example.org/a>)",
    "## User",
    "after that",
    "## fake/one",
    "You asked: after that 你好 👩‍🚀.\n",
  ]);
});

test("an answer that is still running is left out, and so is what was deleted", async () => {
  const owner = newOwner();
  const answer = await chat.open("/api/chat", { body: { message: "endless" }, headers: owner });
  await answer.until(() => textOf(answer.blocks) === "and so on");
  const deleted = await chat.ask({ message: "deleted" }, owner);
  await chat.fetch(`/api/conversations/${deleted.conversationId}`, { method: "DELETE", headers: owner });
  const exported = await exportAll(owner);
  expect(exported.conversations).toHaveLength(1);
  expect(exported.conversations[0]?.messages.map(({ role }) => role)).toEqual(["user"]);
  expect(exported.conversations[0]?.headMessageId).toBe(exported.conversations[0]?.messages[0]?.id);
  expect(await importAs(newOwner(), exported)).toHaveLength(1);
  await chat.send("POST", `/api/generations/${answer.generationId}/stop`, {}, owner);
  await answer.rest();
});

test("an export that cannot be had whole does not look whole", async () => {
  let reads = 0;
  await using broken = await openChatServer({
    wrapStore: (store) => ({
      ...store,
      transfer: {
        ...store.transfer,
        async read(ownerId, id) {
          reads += 1;
          if (reads === 2) throw Object.assign(new Error("disk I/O error"), { errcode: 10 });
          return store.transfer.read(ownerId, id);
        },
      },
    }),
  });
  for (const message of ["one", "two", "three"]) await broken.ask(message);
  const received = broken.fetch("/api/export").then((response) => response.text());
  await expect(received).rejects.toThrow();
  expect(broken.reports).toEqual(["an export failed: Error: disk I/O error"]);
});

test("what is another owner's is not exported", async () => {
  const owner = newOwner();
  const id = await fill(owner);
  const other = newOwner();
  for (const format of ["json", "markdown"]) {
    const response = await chat.fetch(`/api/conversations/${id}/export?format=${format}`, { headers: other });
    expect(response.status).toBe(404);
  }
  expect(await exportAll(other)).toEqual({ typebar: 1, conversations: [] });
  expect((await chat.fetch(`/api/conversations/${id}/export?format=pdf`, { headers: owner })).status).toBe(400);
});

describe("an import", () => {
  const time = "2026-01-02T03:04:05.000Z";
  const user = (id: string, parentId: string | null): object => ({
    id,
    parentId,
    role: "user",
    createdAt: time,
    parts: [{ type: "text", text: "a question" }],
  });
  const assistant = (id: string, parentId: string | null, changed: object = {}): object => ({
    id,
    parentId,
    role: "assistant",
    createdAt: time,
    parts: [{ type: "text", text: "an answer" }],
    metadata: { model: "fake/one", state: "completed" },
    ...changed,
  });
  const conversation = (changed: object = {}): object => ({
    title: "imported",
    pinned: false,
    systemPrompt: null,
    createdAt: time,
    updatedAt: time,
    headMessageId: "b",
    messages: [user("a", null), assistant("b", "a")],
    ...changed,
  });
  const source = (url: string): object => ({
    messages: [user("a", null), assistant("b", "a", { parts: [{ type: "source-url", sourceId: "s", url }] })],
  });

  const withFile = (part: object): object => ({
    messages: [{ ...user("a", null), parts: [part] }],
    headMessageId: "a",
  });
  const file = (mediaType: string, bytes: Uint8Array | string, filename = "a.png"): object => {
    const url = `data:${mediaType};base64,${Buffer.from(bytes).toString("base64")}`;
    return withFile({ type: "file", mediaType, filename, url });
  };

  test("of the least that there can be is taken", async () => {
    const owner = newOwner();
    const empty = conversation({ messages: [], headMessageId: null, title: "" });
    const relative = conversation(source("/docs/en/data.md"));
    const [first, second] = await importAs(owner, { typebar: 1, conversations: [conversation(), empty, relative] });
    expect(await read(owner, first?.id ?? "")).toMatchObject({ title: "imported", createdAt: time, updatedAt: time });
    expect((await read(owner, second?.id ?? "")).messages).toEqual([]);
  });

  test.each<[string, unknown]>([
    ["another format", { conversations: [] }],
    ["a later version", { typebar: 2, conversations: [] }],
    ["a list", []],
    ["a key too many", { typebar: 1, conversations: [], more: 1 }],
    ["no title", conversation({ title: undefined })],
    ["a title with a line break", conversation({ title: "a\nb" })],
    ["a system prompt too long", conversation({ systemPrompt: "x".repeat(20_001) })],
    ["a time that is none", conversation({ updatedAt: "yesterday" })],
    ["a head that is not there", conversation({ headMessageId: "c" })],
    ["no head", conversation({ headMessageId: null })],
    ["a parent that is not there", conversation({ messages: [user("a", "x"), assistant("b", "a")] })],
    ["a parent that comes later", conversation({ messages: [assistant("b", "a"), user("a", null)] })],
    ["a message that is its own parent", conversation({ messages: [user("b", "b")] })],
    ["an ID twice", conversation({ messages: [user("b", null), user("b", null)] })],
    ["an answer to nothing", conversation({ messages: [assistant("b", null)] })],
    ["an answer to an answer", conversation({ messages: [user("x", null), assistant("a", "x"), assistant("b", "a")] })],
    [
      "a running answer",
      conversation({
        messages: [user("a", null), assistant("b", "a", { metadata: { model: "fake/one", state: "running" } })],
      }),
    ],
    ["a script for a link", conversation(source("javascript:alert(1)"))],
    ["a picture that is none", conversation(file("image/png", "<svg/>"))],
    ["a picture that may run scripts", conversation(file("image/svg+xml", "<svg onload='alert(1)'/>"))],
    ["a page", conversation(file("text/html", "<script>alert(1)</script>"))],
    ["a file with a path for a name", conversation(file("image/png", png, "../a.png"))],
    ["an empty file", conversation(file("text/plain", ""))],
    [
      "a file that is somebody's address",
      conversation(withFile({ type: "file", mediaType: "image/png", filename: "a", url: "/api/attachments/abc" })),
    ],
    ["another script for a link", conversation(source(" JaVaScRiPt:alert(1)"))],
    [
      "half a character",
      conversation({ messages: [user("a", null), assistant("b", "a", { parts: [{ type: "text", text: "\uD83D" }] })] }),
    ],
    [
      "an unknown part",
      conversation({ messages: [user("a", null), assistant("b", "a", { parts: [{ type: "html", text: "" }] })] }),
    ],
  ])("of %s is refused, and nothing is stored", async (_name, found) => {
    const owner = newOwner();
    const isWhole = typeof found !== "object" || Array.isArray(found) || (found !== null && "conversations" in found);
    const body = isWhole ? found : { typebar: 1, conversations: [conversation(), found] };
    const response = await chat.send("POST", "/api/import", body, owner);
    expect([response.status, v.parse(problemSchema, await response.json()).code]).toEqual([400, "bad-request"]);
    expect((await exportAll(owner)).conversations).toEqual([]);
  });

  test("of more than a usual body is taken, of more than 50 MB is not; others are answered meanwhile", async () => {
    const owner = newOwner();
    const text = "word ".repeat(20_000);
    const messages = Array.from({ length: 30 }, (_, index) =>
      index % 2 === 0
        ? user(String(index), index === 0 ? null : String(index - 1))
        : assistant(String(index), String(index - 1), { parts: [{ type: "text", text }] }),
    );
    const importing = importAs(owner, { typebar: 1, conversations: [conversation({ messages, headMessageId: "29" })] });
    expect((await chat.fetch("/readyz")).status).toBe(200);
    const [imported] = await importing;
    expect((await read(owner, imported?.id ?? "")).messages).toHaveLength(30);
    const tooLarge = await chat
      .fetch("/api/import", {
        method: "POST",
        headers: { "Content-Type": "application/json", "x-owner": owner["x-owner"] },
        body: JSON.stringify({ typebar: 1, conversations: [], filler: "x".repeat(50_000_000) }),
      })
      .catch(() => undefined);
    expect([undefined, 413]).toContain(tooLarge?.status);
    const asForm = await chat.fetch("/api/import", {
      method: "POST",
      headers: { "Content-Type": "text/plain" },
      body: "{}",
    });
    expect(asForm.status).toBe(415);
  });
});
