/** Attachments over HTTP: what is taken, whose it is, how it is given back, and what the model is told. */
import * as v from "valibot";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { conversationSchema, modelsSchema, problemSchema } from "./wire-schema.ts";
import { type ChatServer, openChatServer } from "./chat-server.ts";
import { createFakeProvider } from "./fake-provider.ts";

const png = new Uint8Array([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a, 1, 2, 3]);
const jpeg = new Uint8Array([0xff, 0xd8, 0xff, 0xe0, 9]);
const gif = new TextEncoder().encode("GIF89a....");
const webp = new TextEncoder().encode("RIFF....WEBPVP8 ");
const encoder = new TextEncoder();

let chat: ChatServer;
beforeAll(async () => {
  const provider = createFakeProvider();
  provider.listModels = async () =>
    ["one", "llava"].map((name) => ({ id: `fake/${name}`, name, provider: "fake", kind: "language-model" as const }));
  chat = await openChatServer({ provider });
});
afterAll(() => chat[Symbol.asyncDispose]());

function upload(data: Uint8Array | string, headers: Record<string, string> = {}): Promise<Response> {
  const body = typeof data === "string" ? data : Uint8Array.from(data);
  return chat.fetch("/api/attachments", { method: "POST", body, headers });
}

async function idOf(data: Uint8Array | string, name = "file", headers: Record<string, string> = {}): Promise<string> {
  const response = await upload(data, { "Typebar-Filename": encodeURIComponent(name), ...headers });
  expect(response.status).toBe(201);
  return ((await response.json()) as { id: string }).id;
}

async function problemOf(response: Response): Promise<string> {
  const { status, code } = v.parse(problemSchema, await response.json());
  expect(status).toBe(response.status);
  return code;
}

describe("an upload", () => {
  test.each([
    ["image/png", png, "inline"],
    ["image/jpeg", jpeg, "inline"],
    ["image/gif", gif, "inline"],
    ["image/webp", webp, "inline"],
    ["text/plain", encoder.encode("<script>alert(1)</script>"), "attachment"],
  ])("is what its bytes say, %s, and is given back as that", async (mediaType, data, disposition) => {
    const response = await upload(data, {
      "Content-Type": "text/html",
      "Typebar-Filename": encodeURIComponent("große Datei (1).bin"),
    });
    const stored = (await response.json()) as { id: string };
    expect(stored).toEqual({ id: stored.id, name: "große Datei (1).bin", mediaType, bytes: data.length });
    expect(response.headers.get("location")).toBe(`/api/attachments/${stored.id}`);
    const given = await chat.fetch(`/api/attachments/${stored.id}`);
    expect(new Uint8Array(await given.arrayBuffer())).toEqual(Uint8Array.from(data));
    expect(Object.fromEntries(given.headers)).toMatchObject({
      "content-type": mediaType === "text/plain" ? "text/plain; charset=utf-8" : mediaType,
      "content-disposition": `${disposition}; filename*=UTF-8''gro%C3%9Fe%20Datei%20%281%29.bin`,
      "content-security-policy": "sandbox; default-src 'none'",
      "x-content-type-options": "nosniff",
      "cache-control": "private, max-age=31536000, immutable",
    });
  });

  test.each([
    ["nothing", new Uint8Array(), {}, "bad-request"],
    ["a program", new Uint8Array([0x7f, 0x45, 0x4c, 0x46, 0, 1]), {}, "unsupported-media-type"],
    ["half a character", new Uint8Array([0x41, 0xe4]), {}, "unsupported-media-type"],
    ["an image of another kind", encoder.encode("BM text"), { "Content-Type": "image/bmp" }, "unsupported-media-type"],
    ["a long text", encoder.encode("x".repeat(524_289)), {}, "body-too-large"],
    ["a huge image", Uint8Array.from({ length: 10_485_761 }, (_, index) => png[index] ?? 1), {}, "body-too-large"],
    ["a name with a path", png, { "Typebar-Filename": "..%2Fx.png" }, "bad-request"],
    ["a name with a line break", png, { "Typebar-Filename": "a%0Ab" }, "bad-request"],
    ["a name that is not encoded", png, { "Typebar-Filename": "%E4" }, "bad-request"],
  ])("is refused: %s", async (_what, data, headers, code) => {
    expect(await problemOf(await upload(data, headers as Record<string, string>))).toBe(code);
  });

  test("takes the longest text and the largest image", async () => {
    expect((await upload("x".repeat(524_288))).status).toBe(201);
    const image = Uint8Array.from({ length: 10_485_760 }, (_, index) => png[index] ?? 1);
    expect((await upload(image)).status).toBe(201);
  });

  test("is its owner's alone, to read and to ask with", async () => {
    const id = await idOf("secret", "s.txt");
    const headers = { "x-owner": "mallory" };
    expect(await problemOf(await chat.fetch(`/api/attachments/${id}`, { headers }))).toBe("not-found");
    const asked = await chat.send("POST", "/api/chat", { message: "read it", attachmentIds: [id] }, headers);
    expect(await problemOf(asked)).toBe("bad-request");
    const list = (await (await chat.fetch("/api/conversations", { headers })).json()) as { conversations: unknown[] };
    expect(list.conversations).toEqual([]);
  });
});

describe("a question with files", () => {
  test("shows them, and tells the model texts as text and images as images", async () => {
    const text = await idOf("a\n```\nb", "notes.md");
    const image = await idOf(png, "picture.png");
    const { conversationId } = await chat.ask({
      message: "What is this?",
      model: "fake/llava",
      attachmentIds: [text, image],
    });
    const { messages } = v.parse(conversationSchema, await chat.read(conversationId));
    expect(messages[0]?.parts).toEqual([
      { type: "file", mediaType: "text/plain", filename: "notes.md", url: `/api/attachments/${text}` },
      { type: "file", mediaType: "image/png", filename: "picture.png", url: `/api/attachments/${image}` },
      { type: "text", text: "What is this?" },
    ]);
    const [told] = chat.provider.requests.at(-1)?.messages ?? [];
    expect(told).toMatchObject({
      role: "user",
      text: "File notes.md:\n````\na\n```\nb\n````\n\nWhat is this?",
      images: [{ mediaType: "image/png" }],
    });
    // A model that cannot see is told that there was something to see.
    await chat.ask({ message: "And now?", conversationId, model: "fake/one" });
    const [later] = chat.provider.requests.at(-1)?.messages ?? [];
    expect(later).not.toHaveProperty("images");
    expect(later?.text).toContain("[Image: picture.png]");
  });

  test("needs no words, and is named after its first file", async () => {
    const image = await idOf(png, "holiday.png");
    const { conversationId } = await chat.ask({ model: "fake/llava", attachmentIds: [image] });
    const conversation = v.parse(conversationSchema, await chat.read(conversationId));
    expect(conversation.title).toBe("holiday.png");
    expect(conversation.messages[0]?.parts).toHaveLength(1);
    expect(chat.provider.requests.at(-1)?.messages).toMatchObject([{ text: "", images: [{}] }]);
  });

  test("is refused, and nothing is begun, where its model cannot take them or a file is unknown", async () => {
    const image = await idOf(png);
    const body = { message: "see", model: "fake/one", attachmentIds: [image] };
    const refused = await chat.send("POST", "/api/chat", body);
    expect(await refused.json()).toMatchObject({ status: 400, detail: "This model cannot be shown images." });
    const elsewhere = await chat.ask({ message: "first", model: "fake/llava", attachmentIds: [image] });
    const before = ((await (await chat.fetch("/api/conversations")).json()) as { conversations: unknown[] })
      .conversations.length;
    for (const attachmentIds of [
      ["unknown"],
      [image],
      [image, image],
      Array.from({ length: 11 }, (_, i) => `id${i}`),
    ]) {
      const response = await chat.send("POST", "/api/chat", { message: "x", model: "fake/llava", attachmentIds });
      expect(await problemOf(response)).toBe("bad-request");
    }
    const list = (await (await chat.fetch("/api/conversations")).json()) as { conversations: unknown[] };
    expect(list.conversations).toHaveLength(before);
    // In its own conversation it can be named again.
    const { conversationId } = elsewhere;
    const again = await chat.ask({ message: "again", conversationId, model: "fake/llava", attachmentIds: [image] });
    expect(again.generationId).toMatch(/./);
  });

  test("comes from an AI SDK client, too", async () => {
    const image = await idOf(png, "sdk.png");
    const parts = [
      { type: "file", mediaType: "image/png", url: `/api/attachments/${image}` },
      { type: "file", mediaType: "image/png", url: "https://example.com/other.png" },
      { type: "text", text: "look" },
    ];
    const body = { id: "sdk-files", messages: [{ id: "m1", role: "user", parts }], model: "fake/llava" };
    await chat.ask(body);
    expect((await chat.read("sdk-files")).messages[0]?.parts).toHaveLength(2);
  });

  test("lets its files go with the last message that shows them, and with its conversation", async () => {
    const file = await idOf("kept", "kept.txt");
    const { conversationId: id } = await chat.ask({ message: "one", attachmentIds: [file] });
    const [question] = (await chat.read(id)).messages;
    await chat.ask({ message: "two", conversationId: id, messageId: question?.id, attachmentIds: [file] });
    await chat.fetch(`/api/conversations/${id}/messages/${question?.id ?? ""}`, { method: "DELETE" });
    expect((await chat.fetch(`/api/attachments/${file}`)).status).toBe(200);
    const [edited] = (await chat.read(id)).messages;
    await chat.fetch(`/api/conversations/${id}/messages/${edited?.id ?? ""}`, { method: "DELETE" });
    expect((await chat.fetch(`/api/attachments/${file}`)).status).toBe(404);
    const other = await idOf("other", "other.txt");
    const asked = await chat.ask({ message: "three", attachmentIds: [other] });
    await chat.fetch(`/api/conversations/${asked.conversationId}`, { method: "DELETE" });
    expect((await chat.fetch(`/api/attachments/${other}`)).status).toBe(404);
  });
});

test("models say what they take", async () => {
  const { models } = v.parse(modelsSchema, await (await chat.fetch("/api/models")).json());
  expect(models.map(({ id, input, attachments }) => [id, input, attachments])).toEqual([
    ["fake/one", ["text"], true],
    ["fake/llava", ["text", "image"], true],
  ]);
});
