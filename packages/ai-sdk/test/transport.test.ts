/** The transport against answers that a real server gives rarely: resets, ends between two connections, refusals. */
import type { UIMessage, UIMessageChunk } from "ai";
import { describe, expect, it } from "vitest";
import { createTypebarTransport } from "../src/index.ts";
import type { TypebarTransportOptions } from "../src/index.ts";
import { type Answer, closeBlock, createScriptedFetch, readAll, toBlock, toStream } from "./scripted-fetch.ts";

const start = { type: "start", messageId: "m1" };
const open = { type: "text-start", id: "t0" };
const end = { type: "text-end", id: "t0" };
const delta = (text: string): object => ({ type: "text-delta", id: "t0", delta: text });
const reset = 'event: reset\ndata: {"reason":"expired"}\nid: g1:2.0\n\n';
const noContent = (): Response => new Response(null, { status: 204 });
const pending = (): Promise<Response> => new Promise(() => undefined);
const running = async (): Promise<Response> => {
  // Long enough for a start that is repeated to be seen.
  await new Promise((resolve) => setTimeout(resolve, 50));
  return Response.json({ generationId: "g1" });
};
const lost = async (): Promise<Response> => {
  await new Promise((resolve) => setTimeout(resolve, 100));
  throw new TypeError("fetch failed");
};
const unavailable = (): Response => new Response(null, { status: 503 });
const held = (): Response =>
  new Response(new ReadableStream({ start: (stream) => stream.enqueue(new TextEncoder().encode(toBlock(start, 1))) }), {
    headers: { "Content-Type": "text/event-stream", "Typebar-Generation": "g1" },
  });
const stopped = (): Response => Response.json({ state: "running" }, { status: 202 });

function createTransport(fetch: typeof globalThis.fetch, options: TypebarTransportOptions = {}) {
  return createTypebarTransport({
    fetch,
    backoff: { initialMs: 0, maxMs: 0 },
    api: "http://typebar.test/api/chat",
    ...options,
  });
}

const question: UIMessage = { id: "u1", role: "user", parts: [{ type: "text", text: "Hello" }] };
const submit = {
  trigger: "submit-message",
  chatId: "c1",
  messageId: undefined,
  messages: [{ ...question, id: "u0" }, question],
  abortSignal: undefined,
} as const;

async function send(transport: ReturnType<typeof createTransport>): Promise<UIMessageChunk[]> {
  return readAll(await transport.sendMessages({ ...submit, messages: [...submit.messages] }));
}

describe("sendMessages", () => {
  it("sends only the last message, and the same again after a cut, with the last ID", async () => {
    const { fetch, asked } = createScriptedFetch(
      toStream([toBlock(start, 1), toBlock(open, 2), toBlock(delta("a"), 3)], { cut: true }),
      toStream([toBlock(delta("b"), 4), toBlock(end, 5), toBlock({ type: "finish" }, 6), closeBlock(7)]),
    );
    expect(await send(createTransport(fetch, { body: { model: "a/b" } }))).toEqual([
      start,
      open,
      delta("a"),
      delta("b"),
      end,
      { type: "finish" },
    ]);
    const body = { id: "c1", messages: [question], trigger: "submit-message", model: "a/b" };
    expect(asked).toEqual([
      { method: "POST", path: "/api/chat", lastEventId: null, body },
      { method: "POST", path: "/api/chat", lastEventId: "g1:1.3", body },
    ]);
  });

  it("shows nothing twice when the server begins the answer again", async () => {
    const { fetch } = createScriptedFetch(
      toStream([toBlock(start, 1), toBlock(open, 2), toBlock(delta("ab"), 3)], { cut: true }),
      toStream([
        reset,
        ...[start, open, delta("abc"), end, { type: "finish" }].map((chunk, index) => toBlock(chunk, index + 1)),
        closeBlock(6),
      ]),
    );
    const chunks = await send(createTransport(fetch));
    expect(chunks).toEqual([start, open, delta("ab"), delta("c"), end, { type: "finish" }]);
  });

  it("fails, and shows nothing more, when the answer begun again is another one", async () => {
    const { fetch } = createScriptedFetch(
      toStream([toBlock(start, 1), toBlock(open, 2), toBlock(delta("ab"), 3)], { cut: true }),
      toStream([reset, ...[start, open, delta("xy")].map((chunk, index) => toBlock(chunk, index + 1))]),
    );
    await expect(send(createTransport(fetch))).rejects.toMatchObject({ code: "diverged" });
  });

  it("fails where the address is not Typebar's", async () => {
    const { fetch } = createScriptedFetch(toStream(["data: hello\n\n"]));
    await expect(send(createTransport(fetch))).rejects.toMatchObject({ code: "not-a-chunk" });
    expect(() => createTransport(fetch, { api: "/v1" })).toThrow(TypeError);
  });
});

describe("reconnectToStream", () => {
  it("gives null where nothing runs", async () => {
    const { fetch, asked } = createScriptedFetch(noContent);
    expect(await createTransport(fetch).reconnectToStream({ chatId: "c1" })).toBeNull();
    expect(asked).toMatchObject([{ method: "GET", path: "/api/chat/c1/stream", lastEventId: null }]);
  });

  it("reads an answer that ended between two connections by its own ID", async () => {
    const { fetch, asked } = createScriptedFetch(
      toStream([], { cut: true }),
      noContent,
      toStream([toBlock(start, 1), toBlock({ type: "finish" }, 2), closeBlock(3)]),
    );
    const stream = await createTransport(fetch).reconnectToStream({ chatId: "c1" });
    expect(stream && (await readAll(stream))).toEqual([start, { type: "finish" }]);
    expect(asked.map(({ path }) => path)).toEqual([
      "/api/chat/c1/stream",
      "/api/chat/c1/stream",
      "/api/generations/g1/events",
    ]);
  });
});

describe("an abort", () => {
  /** Everything that is asked when a start, or a resume, is aborted: once it is open, or on its way. */
  async function abort(
    when: "open start" | "start on its way" | "resume on its way",
    answers: Answer[],
    options: TypebarTransportOptions = {},
  ): Promise<string[]> {
    const controller = new AbortController();
    const { fetch, asked } = createScriptedFetch(...answers);
    const transport = createTransport(fetch, options);
    const common = { chatId: "c1", abortSignal: controller.signal };
    const stream =
      when === "resume on its way"
        ? transport.reconnectToStream(common)
        : transport.sendMessages({ ...submit, ...common, messages: [question] });
    const reading = stream.then((chunks) => chunks && readAll(chunks));
    if (when === "open start") await stream;
    else await expect.poll(() => asked).toHaveLength(1);
    controller.abort();
    await expect(reading).rejects.toMatchObject({ name: "AbortError" });
    // The next question waits for what is left to be done.
    await transport.sendMessages({ ...submit, messages: [question] }).catch(() => undefined);
    return asked.map(({ method, path }) => `${method} ${path}`);
  }

  it("lets go of the connection only, where that was asked for", async () => {
    expect(await abort("open start", [held], { abort: "disconnect" })).toEqual(["POST /api/chat", "POST /api/chat"]);
  });

  it("stops nothing on the way to a resumed answer: a page that mounts twice is no stop", async () => {
    expect(await abort("resume on its way", [pending, noContent])).toEqual([
      "GET /api/chat/c1/stream",
      "POST /api/chat",
    ]);
  });

  it("stops what a start may have begun whose answer was lost, and does not start it again", async () => {
    expect(await abort("start on its way", [lost, running, stopped, noContent])).toEqual([
      "POST /api/chat",
      "GET /api/conversations/c1",
      "POST /api/generations/g1/stop",
      "POST /api/chat",
    ]);
  });

  it("asks for the stop until it was heard, and reads on until the answer has ended", async () => {
    const ended = toStream([toBlock({ type: "abort" }, 2), closeBlock(3)]);
    const answers = [toStream([toBlock(start, 1)], { cut: true }), unavailable, unavailable, stopped, ended, noContent];
    const stops = (await abort("open start", answers)).filter((line) => line === "POST /api/generations/g1/stop");
    expect(stops.length).toBeGreaterThan(1);
  });
});
