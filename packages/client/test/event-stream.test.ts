/** What is sent, what each answer leads to, and how the stream goes on. */
import { describe, expect, test } from "vitest";
import { EventStreamError, openEventStream } from "../src/index.ts";
import type { BackoffOptions, Clock, ConnectionState, EventStream, EventStreamOptions } from "../src/index.ts";
import { collect, drain, quick } from "./collect.ts";
import { cut, ended, held, problem, serve, status } from "./scripted-server.ts";
import type { ScriptedAnswer } from "./scripted-server.ts";

const one = "data: one\nid: 1\n\n";
const two = "data: two\nid: 2\n\n";
const close = "event: close\ndata: [DONE]\nid: 3\n\n";

const names = (states: ConnectionState[]): string[] => states.map(({ name }) => name);
const delaysMs = (states: ConnectionState[]): number[] =>
  states.flatMap((state) => (state.name === "waiting" ? [state.delayMs] : []));
const reasons = (states: ConnectionState[]): string[] =>
  states.flatMap((state) => (state.name === "waiting" ? [state.error.code] : []));

describe("the request", () => {
  test("is a GET that accepts an event stream, without Last-Event-ID", async () => {
    await using server = await serve(ended(close));
    await collect(server.url);
    expect(server.requests).toMatchObject([{ method: "GET", headers: { accept: "text/event-stream" } }]);
    expect(server.requests[0]?.headers).not.toHaveProperty("last-event-id");
  });

  test("carries method, headers and body, the same at each attempt, and the ID to go on after", async () => {
    await using server = await serve(cut(one), cut(two), ended(close));
    const { data } = await collect(server.url, {
      method: "POST",
      headers: { "Content-Type": "application/json", "Typebar-Resume": "1", "Last-Event-ID": "not-the-caller's" },
      body: '{"message":"你好"}',
    });
    expect(data).toEqual(["one", "two", "[DONE]"]);
    const same = { method: "POST", body: '{"message":"你好"}' };
    expect(server.requests).toMatchObject([same, same, same]);
    expect(server.requests.map(({ headers }) => headers["typebar-resume"])).toEqual(["1", "1", "1"]);
    expect(server.requests.map(({ headers }) => headers["last-event-id"])).toEqual([undefined, "1", "2"]);
  });

  test.each([
    ["a URLSearchParams", () => new URLSearchParams({ a: "b" }), "a=b"],
    ["bytes", () => new TextEncoder().encode("bytes"), "bytes"],
    ["a Blob", () => new Blob(["blob"]), "blob"],
  ])("can send %s again", async (_, makeBody, sent) => {
    await using server = await serve(cut(one), ended(close));
    await collect(server.url, { method: "POST", body: makeBody() });
    expect(server.requests.map(({ body }) => body)).toEqual([sent, sent]);
  });

  test("asks functions for headers and body anew at each attempt", async () => {
    await using server = await serve(status(503), cut(one), ended(close));
    let token = 0;
    await collect(server.url, {
      method: "PUT",
      headers: async () => {
        token += 1;
        return { Authorization: `Bearer ${token}` };
      },
      body: () => `body ${token}`,
    });
    expect(server.requests.map(({ headers, body }) => [headers.authorization, body])).toEqual([
      ["Bearer 1", "body 1"],
      ["Bearer 2", "body 2"],
      ["Bearer 3", "body 3"],
    ]);
  });

  test("is tried again when a function of the caller fails", async () => {
    await using server = await serve(ended(close));
    let asked = 0;
    const failure = new Error("no token yet");
    const { states, data } = await collect(server.url, {
      headers() {
        asked += 1;
        if (asked === 1) throw failure;
        return {};
      },
    });
    expect(data).toEqual(["[DONE]"]);
    expect(states[0]).toMatchObject({ name: "waiting", error: { code: "request-failed", cause: failure } });
  });

  test("starts after an event that was remembered", async () => {
    await using server = await serve(ended(`data: no id\n\n${close}`));
    const stream = openEventStream(server.url, { lastEventId: "g:1.7" });
    expect(stream.lastEventId).toBe("g:1.7");
    const { events } = await drain(stream);
    expect(events[0]?.lastEventId).toBe("g:1.7");
    expect(server.requests[0]?.headers["last-event-id"]).toBe("g:1.7");
  });

  test("goes out at once, before anybody iterates", async () => {
    await using server = await serve(held(one));
    await using stream = openEventStream(server.url);
    await server.visited();
    expect(stream.lastEventId).toBe("");
  });

  test("with a stream as its body is refused: it could not be sent again", () => {
    const body = new ReadableStream();
    // @ts-expect-error The types refuse it too.
    const options: EventStreamOptions = { method: "POST", body };
    expect(() => openEventStream("http://127.0.0.1/", options)).toThrow(EventStreamError);
  });

  test.each([["no URL"], ["/relative/without/a/page"]])("to %j is refused", (url) => {
    expect(() => openEventStream(url)).toThrow(expect.objectContaining({ code: "invalid-request" }));
  });

  test("with an invalid header fails, and is not tried again", async () => {
    await using server = await serve();
    const { error } = await collect(server.url, { headers: { "X-Bad": "a\nb" } });
    expect(error).toMatchObject({ code: "invalid-request" });
    expect(server.requests).toEqual([]);
  });

  test("with an ID that no header can carry fails, and is not tried again", async () => {
    await using server = await serve(cut("data: x\nid: \u0001\n\n"));
    const { data, error } = await collect(server.url);
    expect(data).toEqual(["x"]);
    expect(error).toMatchObject({ code: "invalid-id" });
  });
});

describe("an answer", () => {
  test("of 204 ends the stream without an error", async () => {
    await using server = await serve(status(204));
    const { data, error, states } = await collect(server.url);
    expect({ data, error, states }).toEqual({ data: [], error: undefined, states: [{ name: "closed" }] });
  });

  test.each([400, 401, 403, 404, 409, 410, 422])("of %d fails at once, with status and problem", async (code) => {
    const body = { type: "about:blank", title: "No", status: code, code: "conversation-busy", generationId: "g" };
    await using server = await serve(problem(code, body));
    const { error, states } = await collect(server.url);
    expect(error).toBeInstanceOf(EventStreamError);
    expect(error).toMatchObject({ code: "rejected", status: code, problem: body });
    expect(states).toEqual([{ name: "closed", error }]);
    expect(server.requests.length).toBe(1);
  });

  test.each([
    ["HTML", status(404, { "Content-Type": "text/html" }, "<p>{}")],
    ["broken JSON", status(404, { "Content-Type": "application/problem+json" }, '{"code":')],
    ["a JSON array", status(404, { "Content-Type": "application/json" }, "[]")],
    ["nothing", status(404)],
  ])("of 404 with %s fails without a problem", async (_, answer) => {
    await using server = await serve(answer);
    expect((await collect(server.url)).error).toMatchObject({ code: "rejected", status: 404, problem: undefined });
  });

  test("that is no event stream fails at once", async () => {
    await using server = await serve(status(200, { "Content-Type": "text/html" }, "<p>Sign in"));
    expect((await collect(server.url)).error).toMatchObject({ code: "wrong-content-type", status: 200 });
    expect(server.requests.length).toBe(1);
  });

  test.each([408, 425, 429, 500, 502, 503, 504])("of %d is tried again", async (code) => {
    await using server = await serve(problem(code, { code: "draining" }), ended(close));
    const { data, states } = await collect(server.url);
    expect(data).toEqual(["[DONE]"]);
    expect(states[0]).toMatchObject({
      name: "waiting",
      error: { code: "unavailable", status: code, problem: { code: "draining" } },
    });
  });

  test("with Retry-After is not followed by a request before that time", async () => {
    await using server = await serve(status(503, { "Retry-After": "3600" }), ended(close));
    const { states } = await collect(server.url, skippingPauses());
    expect(delaysMs(states)[0]).toBeGreaterThanOrEqual(3_600_000);
  });

  test("reaches onOpen with its headers, once for each connection", async () => {
    await using server = await serve(
      ended(one, { "Typebar-Generation": "g1" }),
      ended(close, { "Typebar-Generation": "g2" }),
    );
    const seen: (string | null)[] = [];
    await collect(server.url, { onOpen: ({ headers }) => seen.push(headers.get("Typebar-Generation")) });
    expect(seen).toEqual(["g1", "g2"]);
  });

  test("that onOpen throws at ends the stream with what was thrown", async () => {
    await using server = await serve(held(one));
    const thrown = new Error("not mine");
    const { error, data } = await collect(server.url, {
      onOpen() {
        throw thrown;
      },
    });
    expect({ error, data }).toEqual({ error: thrown, data: [] });
    await server.deserted();
  });
});

describe("a connection that is lost", () => {
  test.each<[string, ScriptedAnswer, string]>([
    ["ended by the server", ended(one), "ended"],
    ["cut", cut(one), "network"],
    ["cut in mid-event", cut(`${one}data: tw`), "network"],
    ["ended in mid-event", ended(`${one}data: two\nid: 2\n`), "ended"],
  ])("because it was %s goes on after the last whole event", async (_, answer, reason) => {
    await using server = await serve(answer, ended(two + close));
    const { data, states } = await collect(server.url);
    expect(data).toEqual(["one", "two", "[DONE]"]);
    expect(server.requests[1]?.headers["last-event-id"]).toBe("1");
    expect(reasons(states)).toEqual([reason]);
    expect(names(states)).toEqual(["open", "waiting", "connecting", "open", "closed"]);
  });

  test("to a server that is gone is tried until the server is back", async () => {
    const server = await serve();
    const { url } = server;
    await server[Symbol.asyncDispose]();
    const states: ConnectionState[] = [];
    await using stream = openEventStream(url, { ...quick, onStateChange: (state) => states.push(state) });
    const first = stream.next();
    while (states.length < 6) await new Promise((resolve) => setTimeout(resolve, 1));
    expect(new Set(reasons(states))).toEqual(new Set(["network"]));
    stream.close();
    expect(await first).toEqual({ done: true, value: undefined });
  });

  test("leaves the reconnection time that the server stated in force, also on later connections", async () => {
    await using server = await serve(ended(`retry: 40000\n${one}`), status(500), ended("retry: 7\n"), ended(close));
    const { states } = await collect(server.url, skippingPauses());
    expect(delaysMs(states).map((ms) => ms >= 40_000)).toEqual([true, true, false]);
    expect(delaysMs(states)[2]).toBeGreaterThanOrEqual(7);
  });

  test("at once after it opened, again and again, is tried less and less often", async () => {
    await using server = await serve(...Array.from({ length: 6 }, () => ended(one)), ended(close));
    const { states } = await collect(server.url, skippingPauses({ initialMs: 1000, maxMs: 9000, random: () => 1 }));
    expect(delaysMs(states)).toEqual([1000, 2000, 4000, 8000, 9000, 9000]);
  });

  test("after a healthy spell begins at the first delay again", async () => {
    await using server = await serve(status(500), status(500), ended(one), status(500), ended(close));
    let nowMs = 0;
    const skipping = skippingPauses({ initialMs: 1000, maxMs: 9000, random: () => 1 });
    const { states } = await collect(server.url, {
      ...skipping,
      healthyMs: 5000,
      clock: { ...skipping.clock, now: () => nowMs },
      onOpen: () => queueMicrotask(() => (nowMs += 5000)),
    });
    expect(delaysMs(states)).toEqual([1000, 2000, 1000, 2000]);
  });

  test("without events gets no second request until the consumer, having seen the last one, asks for more", async () => {
    await using server = await serve(ended(close), ended(one));
    await using stream = openEventStream(server.url, { backoff: { initialMs: 0 } });
    expect(await stream.next()).toMatchObject({ value: { event: "close" } });
    await new Promise((resolve) => setTimeout(resolve, 20));
    stream.close();
    expect(server.requests.length).toBe(1);
  });

  test("by silence is given up, opened anew, and its socket closed", async () => {
    await using server = await serve(held(one), ended(two + close));
    const { data, states } = await collect(server.url, { silenceMs: 30 });
    expect(data).toEqual(["one", "two", "[DONE]"]);
    expect(reasons(states)).toEqual(["silence"]);
    await server.deserted();
  });

  test("by silence before the head is given up too", async () => {
    await using server = await serve(() => {}, ended(close));
    const { data, states } = await collect(server.url, { silenceMs: 30 });
    expect(data).toEqual(["[DONE]"]);
    expect(reasons(states)).toEqual(["silence"]);
  });

  test("is not taken for silent while comments come", async () => {
    await using server = await serve((response) => {
      held(one)(response, response.req);
      const heartbeat = setInterval(() => response.write(":\n"), 5);
      setTimeout(() => {
        clearInterval(heartbeat);
        response.end(close);
      }, 500);
    });
    const { states } = await collect(server.url, { silenceMs: 250 });
    expect(reasons(states)).toEqual([]);
  });

  test("with a fetch and a body that ignore the abort is given up all the same", async () => {
    let asked = 0;
    const { data, states } = await collect("http://nowhere.invalid/", {
      silenceMs: 20,
      async fetch() {
        asked += 1;
        if (asked === 1) return new Promise<Response>(() => {});
        const body = new ReadableStream({
          start: (controller) => controller.enqueue(new TextEncoder().encode(asked === 2 ? one : close)),
        });
        return new Response(body, { headers: { "Content-Type": "text/event-stream" } });
      },
    });
    expect(data).toEqual(["one", "[DONE]"]);
    expect(reasons(states)).toEqual(["silence", "silence"]);
  });
});

describe("events", () => {
  test("that the server repeats after a reconnect are handed out once", async () => {
    await using server = await serve(cut(one + two), ended(one + two + close));
    expect((await collect(server.url)).data).toEqual(["one", "two", "[DONE]"]);
  });

  test("that are repeated do not lead the ID back", async () => {
    await using server = await serve(cut(one + two), cut(one), ended(close));
    await collect(server.url);
    expect(server.requests.map(({ headers }) => headers["last-event-id"])).toEqual([undefined, "2", "2"]);
  });

  test("are all handed out where duplicates are wanted", async () => {
    await using server = await serve(cut(one), ended(one + close));
    expect((await collect(server.url, { suppressDuplicates: false })).data).toEqual(["one", "one", "[DONE]"]);
  });

  test("over the size limit end the stream, after those before them", async () => {
    await using server = await serve(held(`${one}data: ${"x".repeat(101)}\nid: 2\n\n${close}`));
    const { data, error, lastEventId } = await collect(server.url, { maxEventChars: 100 });
    expect(data).toEqual(["one"]);
    expect(error).toMatchObject({ code: "event-too-large" });
    expect(lastEventId).toBe("1");
    await server.deserted();
  });

  test("of one read count only when they are handed out", async () => {
    await using server = await serve(held(`${one}${two}id: only\n\n`));
    await using stream = openEventStream(server.url);
    await stream.next();
    expect(stream.lastEventId).toBe("1");
    await stream.next();
    expect(stream.lastEventId).toBe("only");
  });

  test("answer calls of next in their order, also those made at once", async () => {
    await using server = await serve(cut(one + two), ended(close));
    await using stream = openEventStream(server.url, quick);
    const results = await Promise.all([stream.next(), stream.next(), stream.next()]);
    expect(results.map(({ value }) => value?.data)).toEqual(["one", "two", "[DONE]"]);
  });

  test("are not read ahead of a slow consumer", async () => {
    let writtenBytes = 0;
    const mebibyte = `data: ${"x".repeat(1_048_576)}\n\n`;
    await using server = await serve((response) => {
      held(one)(response, response.req);
      const write = (): void => {
        while (response.writable && response.write(mebibyte)) writtenBytes += mebibyte.length;
        writtenBytes += mebibyte.length;
        if (writtenBytes < 200 * mebibyte.length) response.once("drain", write);
      };
      write();
    });
    await using stream = openEventStream(server.url);
    await stream.next();
    let before = -1;
    while (before !== writtenBytes) {
      before = writtenBytes;
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    expect(writtenBytes).toBeLessThan(50 * mebibyte.length);
    expect((await stream.next()).value?.data.length).toBe(1_048_576);
  });
});

describe("a pause", () => {
  test("ends at once with retryNow", async () => {
    await using server = await serve(ended(`retry: 1000000\n${one}`), ended(close));
    await using stream = openEventStream(server.url, quick);
    await stream.next();
    const next = stream.next();
    while (stream.state.name !== "waiting") await new Promise((resolve) => setTimeout(resolve, 1));
    stream.retryNow();
    expect(await next).toMatchObject({ value: { event: "close" } });
  });

  test("is not begun where an observer calls retryNow as it is announced", async () => {
    await using server = await serve(ended(`retry: 1000000\n${one}`), ended(close));
    await using stream: EventStream = openEventStream(server.url, {
      onStateChange(state) {
        if (state.name === "waiting") stream.retryNow();
      },
    });
    expect((await drain(stream)).data).toEqual(["one", "[DONE]"]);
  });
});

test("an observer that throws is reported, and the stream goes on", async () => {
  await using server = await serve(ended(one), ended(close));
  const reported: unknown[] = [];
  const listeners = process.listeners("uncaughtException");
  process.removeAllListeners("uncaughtException");
  process.on("uncaughtException", (error) => reported.push(error));
  try {
    const { data } = await collect(server.url, {
      onStateChange(state) {
        if (state.name === "waiting") throw new Error("observer");
      },
    });
    expect(data).toEqual(["one", "[DONE]"]);
    expect(reported).toEqual([new Error("observer")]);
  } finally {
    process.removeAllListeners("uncaughtException");
    for (const listener of listeners) process.on("uncaughtException", listener);
  }
});

test.each([
  { silenceMs: 0 },
  { silenceMs: Number.NaN },
  { maxEventChars: -1 },
  { maxAttempts: 0 },
  { totalMs: Number.NaN },
])("%j is a TypeError", (options) => {
  expect(() => openEventStream("http://127.0.0.1/", options)).toThrow(TypeError);
});

/** Options under which every pause is announced, with its delay, and lasts no time. */
function skippingPauses(backoff: BackoffOptions = { initialMs: 1, maxMs: 2 }): EventStreamOptions & { clock: Clock } {
  return {
    backoff,
    silenceMs: Infinity,
    clock: {
      now: () => performance.now(),
      // The watchdog asks for a timer too, at Infinity the longest one there is.
      setTimeout: (callback, delayMs) => setTimeout(callback, delayMs === 2 ** 31 - 1 ? delayMs : 0),
      clearTimeout: (timer) => clearTimeout(timer as NodeJS.Timeout),
    },
  };
}
