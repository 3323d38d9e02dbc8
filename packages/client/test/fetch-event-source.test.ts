/** The call shape of @microsoft/fetch-event-source 2, and each of its defects that is mended. */
import { afterEach, describe, expect, test, vi } from "vitest";
import { fetchEventSource } from "../src/index.ts";
import type { EventSourceMessage, FetchEventSourceInit } from "../src/index.ts";
import { cut, ended, held, serve, status } from "./scripted-server.ts";

const one = "data: one\nid: 1\n\n";
const backoff = { initialMs: 1, maxMs: 2 };

/** Collects messages until the promise settles. */
async function follow(
  url: string | Request,
  init: FetchEventSourceInit = {},
): Promise<{ messages: EventSourceMessage[]; error: unknown; closes: number }> {
  const messages: EventSourceMessage[] = [];
  let closes = 0;
  const onmessage = (message: EventSourceMessage): void => void messages.push(message);
  const onclose = (): void => void (closes += 1);
  const error: unknown = await fetchEventSource(url, { backoff, onmessage, onclose, ...init }).catch(
    (thrown: unknown) => thrown,
  );
  return { messages, error, closes };
}

afterEach(() => {
  vi.unstubAllGlobals();
});

describe("as in the package", () => {
  test("messages say what their own block said, and the promise resolves after the server's end", async () => {
    await using server = await serve(
      ended("event: named\nretry: 7\ndata: a\nid: 1\n\ndata: b\n\nevent: message\ndata: c\n\n"),
    );
    const { messages, error, closes } = await follow(server.url);
    expect(messages).toEqual([
      { id: "1", event: "named", data: "a", retry: 7 },
      { id: "", event: "", data: "b", retry: undefined },
      { id: "", event: "message", data: "c", retry: undefined },
    ]);
    expect({ error, closes, requests: server.requests.length }).toEqual({ error: undefined, closes: 1, requests: 1 });
  });

  test("method, headers and body are sent, at each attempt, with the last ID", async () => {
    await using server = await serve(cut(one), ended("data: two\n\n"));
    const { messages } = await follow(server.url, {
      method: "POST",
      headers: { "Content-Type": "application/json", token: "secret" },
      body: "{}",
    });
    expect(messages.map(({ data }) => data)).toEqual(["one", "two"]);
    expect(server.requests).toMatchObject([
      { method: "POST", body: "{}", headers: { token: "secret" } },
      { method: "POST", body: "{}", headers: { token: "secret", "last-event-id": "1" } },
    ]);
  });

  test("an ID among the first headers is where it goes on", async () => {
    await using server = await serve(ended(one));
    await follow(server.url, { headers: { "last-event-id": "41" } });
    expect(server.requests[0]?.headers["last-event-id"]).toBe("41");
  });

  test("a Request can be given, and is sent again", async () => {
    await using server = await serve(cut(one), ended("data: two\n\n"));
    const { messages } = await follow(
      new Request(server.url, { method: "POST", body: "body", headers: { token: "t" } }),
    );
    expect(messages.length).toBe(2);
    const sent = { method: "POST", body: "body", headers: { token: "t" } };
    expect(server.requests).toMatchObject([sent, sent]);
  });

  test("what onopen throws goes to onerror, and what that throws rejects", async () => {
    await using server = await serve(status(401, { "Content-Type": "application/json" }, '{"why":"token"}'));
    const seen: unknown[] = [];
    const { error } = await follow(server.url, {
      async onopen(response) {
        if (!response.ok) throw new Error(await response.text());
      },
      onerror(error) {
        seen.push(error.message);
        throw new Error("fatal");
      },
    });
    expect(seen).toEqual(['{"why":"token"}']);
    expect(error).toEqual(new Error("fatal"));
  });

  test("onerror may return the pause, and a throw in onclose or onmessage is an error too", async () => {
    await using server = await serve(
      ended(one),
      ended(`data: two\nid: 2\n\ndata: dropped\nid: 3\n\n`),
      // It was dropped, not handed out: it is no duplicate.
      ended("data: three\nid: 3\n\n"),
    );
    const seen: unknown[] = [];
    const data: string[] = [];
    let closes = 0;
    await fetchEventSource(server.url, {
      onmessage(message) {
        data.push(message.data);
        if (message.data === "two") throw new Error("at two");
      },
      onclose() {
        closes += 1;
        if (closes === 1) throw new Error("unexpected end");
      },
      onerror(error) {
        seen.push(error.message);
        return 1;
      },
    });
    expect(seen).toEqual(["unexpected end", "at two"]);
    expect(data).toEqual(["one", "two", "three"]);
    expect(server.requests.map(({ headers }) => headers["last-event-id"])).toEqual([undefined, "1", "2"]);
  });

  test("an abort resolves", async () => {
    await using server = await serve(held(one));
    const controller = new AbortController();
    const onmessage = (): void => controller.abort();
    expect(await fetchEventSource(server.url, { signal: controller.signal, onmessage })).toBeUndefined();
    await server.deserted();
  });

  test("onopen may accept another content type", async () => {
    await using server = await serve(status(200, { "Content-Type": "text/plain" }, one));
    expect((await follow(server.url, { onopen() {} })).messages.length).toBe(1);
  });
});

describe("mended", () => {
  test.each([
    ["204 ends it", status(204), undefined],
    ["401 rejects", status(401), { code: "rejected", status: 401 }],
    [
      "another content type rejects",
      status(200, { "Content-Type": "text/html" }, "<p>"),
      { code: "wrong-content-type" },
    ],
  ])("%s, instead of being asked for ever", async (_, answer, error) => {
    await using server = await serve(answer);
    const found = await follow(server.url);
    if (error === undefined) expect(found).toMatchObject({ error, closes: 1 });
    else expect(found.error).toMatchObject(error);
    expect(server.requests.length).toBe(1);
  });

  test("503 is asked again less and less often, after what Retry-After says, and at most so many times", async () => {
    await using server = await serve(status(503), status(503, { "Retry-After": "0" }), status(503));
    const { error } = await follow(server.url, { maxAttempts: 3 });
    expect(error).toMatchObject({ code: "attempts-exhausted", cause: { code: "unavailable", status: 503 } });
  });

  test("headers can be a function, asked at each attempt (#33)", async () => {
    await using server = await serve(cut(one), ended(one));
    let asked = 0;
    await follow(server.url, { headers: async () => ({ token: String((asked += 1)) }) });
    expect(server.requests.map(({ headers }) => headers["token"])).toEqual(["1", "2"]);
  });

  test("a signal that is aborted already sends nothing (#98)", async () => {
    await using server = await serve(held(one));
    expect(await fetchEventSource(server.url, { signal: AbortSignal.abort() })).toBeUndefined();
    expect(server.requests).toEqual([]);
  });

  test("the connection is let go of before the next attempt (#7), and no AbortError escapes (#58)", async () => {
    await using server = await serve(held(one), ended("data: two\n\n"));
    let failed = false;
    await fetchEventSource(server.url, {
      backoff,
      onmessage({ data }) {
        if (data === "two") return;
        failed = true;
        throw new Error("mine");
      },
    });
    expect(failed).toBe(true);
    await server.deserted();
  });

  test("empty data lines are kept (#50, #65, #104)", async () => {
    await using server = await serve(ended("data:\ndata: a\ndata:\ndata:\n\ndata:\ndata:\n\n"));
    const { messages } = await follow(server.url);
    expect(messages.map(({ data }) => data)).toEqual(["\na\n\n", "\n"]);
  });

  test("comments, heartbeats and blocks without data fire nothing (#15)", async () => {
    await using server = await serve(ended(":\n\n: heartbeat\n\nretry: 5\n\nid: 9\n\n\n\ndata: a\n\n"));
    expect((await follow(server.url)).messages.map(({ data }) => data)).toEqual(["a"]);
  });

  test.each([undefined, true])("a hidden tab goes on (#36, #54), with openWhenHidden %s", async (openWhenHidden) => {
    const page = Object.assign(new EventTarget(), { visibilityState: "visible" });
    vi.stubGlobal("document", page);
    await using server = await serve((response, request) => {
      held(one)(response, request);
      setTimeout(() => response.end("data: two\n\n"), 50);
    });
    const { messages } = await follow(server.url, {
      ...(openWhenHidden !== undefined && { openWhenHidden }),
      onopen() {
        page.visibilityState = "hidden";
        page.dispatchEvent(new Event("visibilitychange"));
        page.dispatchEvent(new Event("freeze"));
      },
    });
    expect(messages.map(({ data }) => data)).toEqual(["one", "two"]);
    expect(server.requests.length).toBe(1);
  });

  test("with openWhenHidden false a hidden tab asks nothing, whatever went wrong (#17, #95), and goes on when it is back", async () => {
    const page = Object.assign(new EventTarget(), { visibilityState: "visible" });
    const turn = (visibilityState: string): void => {
      page.visibilityState = visibilityState;
      page.dispatchEvent(new Event("visibilitychange"));
    };
    vi.stubGlobal("document", page);
    await using server = await serve(status(500), held(one), ended("data: two\n\n"));
    const errors: unknown[] = [];
    const data: string[] = [];
    const following = fetchEventSource(server.url, {
      openWhenHidden: false,
      onerror: (error) => {
        errors.push(error);
        turn("hidden");
        return 1;
      },
      onmessage(message) {
        data.push(message.data);
        if (message.data === "one") setTimeout(() => turn("hidden"));
      },
    });
    while (errors.length === 0) await new Promise((resolve) => setTimeout(resolve, 1));
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect(server.requests.length).toBe(1);
    turn("visible");
    while (page.visibilityState !== "hidden") await new Promise((resolve) => setTimeout(resolve, 1));
    await server.deserted();
    expect(server.requests.length).toBe(2);
    turn("visible");
    await following;
    expect({ data, errors: errors.length }).toEqual({ data: ["one", "two"], errors: 1 });
    expect(server.requests[2]?.headers["last-event-id"]).toBe("1");
  });

  test("nothing needs a window (#39)", async () => {
    expect("window" in globalThis).toBe(false);
    await using server = await serve(ended(one));
    expect((await follow(server.url)).messages.length).toBe(1);
  });

  test("a long line in small pieces costs what its length costs", async () => {
    const line = `data: ${"x".repeat(2_097_152)}\n\n`;
    let at = 0;
    const body = new ReadableStream({
      pull(controller) {
        controller.enqueue(new TextEncoder().encode(line.slice(at, at + 1024)));
        at += 1024;
        if (at >= line.length) controller.close();
      },
    });
    const fetch = async (): Promise<Response> =>
      new Response(body, { headers: { "Content-Type": "text/event-stream" } });
    const { messages } = await follow("http://127.0.0.1/", { fetch });
    expect(messages[0]?.data.length).toBe(2_097_152);
  });
});
