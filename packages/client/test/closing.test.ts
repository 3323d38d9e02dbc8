/** However a stream comes to its end, nothing is left open. */
import { expect, test } from "vitest";
import { openEventStream } from "../src/index.ts";
import type { ConnectionState, EventStreamOptions } from "../src/index.ts";
import { collect } from "./collect.ts";
import { cut, ended, held, serve, status } from "./scripted-server.ts";
import type { ScriptedAnswer } from "./scripted-server.ts";

const one = "data: one\nid: 1\n\n";

test("a signal that is aborted already sends nothing, and iteration throws its reason", async () => {
  await using server = await serve(held(one));
  const reason = new Error("changed my mind");
  const { error, states } = await collect(server.url, { signal: AbortSignal.abort(reason) });
  expect(error).toBe(reason);
  expect(states).toEqual([{ name: "closed", error: reason }]);
  expect(server.requests).toEqual([]);
});

test("an abort in mid-stream throws its reason once, drops what was not taken, and closes the connection", async () => {
  await using server = await serve(held(`${one}data: two\n\n`));
  const controller = new AbortController();
  const stream = openEventStream(server.url, { signal: controller.signal });
  await stream.next();
  controller.abort();
  await expect(stream.next()).rejects.toBe(controller.signal.reason);
  expect(await stream.next()).toEqual({ done: true, value: undefined });
  await server.deserted();
});

const unanswered: ScriptedAnswer = () => {};
const situations: [string, ScriptedAnswer, EventStreamOptions, ConnectionState["name"]][] = [
  ["before the head", unanswered, {}, "connecting"],
  ["while a read waits", held(""), {}, "open"],
  ["during a pause", status(503, { "Retry-After": "1000" }), {}, "waiting"],
  ["while headers are made", held(""), { headers: () => new Promise<HeadersInit>(() => {}) }, "connecting"],
];

test.each(situations)("close %s ends a waiting next without an error", async (_, answer, options, name) => {
  await using server = await serve(answer);
  const stream = openEventStream(server.url, options);
  const next = stream.next();
  if (options.headers === undefined) await server.visited();
  while (stream.state.name !== name) await new Promise((resolve) => setTimeout(resolve, 1));
  stream.close();
  expect(await next).toEqual({ done: true, value: undefined });
  expect(stream.state).toEqual({ name: "closed" });
  await server.deserted();
});

test.each(situations)("an abort %s makes a waiting next throw the reason", async (_, answer, options, name) => {
  await using server = await serve(answer);
  const controller = new AbortController();
  const stream = openEventStream(server.url, { ...options, signal: controller.signal });
  const next = stream.next();
  if (options.headers === undefined) await server.visited();
  while (stream.state.name !== name) await new Promise((resolve) => setTimeout(resolve, 1));
  const reason = new Error("aborted");
  controller.abort(reason);
  await expect(next).rejects.toBe(reason);
  expect(stream.state).toEqual({ name: "closed", error: reason });
  await server.deserted();
});

test("close drops what was not taken; a second close and a late retry do nothing", async () => {
  await using server = await serve(held(`${one}data: two\n\n`));
  const states: ConnectionState[] = [];
  const stream = openEventStream(server.url, { onStateChange: (state) => states.push(state) });
  await stream.next();
  stream.close();
  stream.close();
  stream.retryNow();
  expect(await stream.next()).toEqual({ done: true, value: undefined });
  expect(states.map(({ name }) => name)).toEqual(["open", "closed"]);
});

test("leaving a for await closes the connection", async () => {
  await using server = await serve(held(one));
  const stream = openEventStream(server.url);
  for await (const event of stream) {
    expect(event.data).toBe("one");
    break;
  }
  expect(stream.state.name).toBe("closed");
  await server.deserted();
});

test("await using closes the connection", async () => {
  await using server = await serve(held(one));
  {
    await using stream = openEventStream(server.url);
    await stream.next();
  }
  await server.deserted();
});

test.each<[string, ScriptedAnswer]>([
  ["an error answer", status(404)],
  ["an answer of another type", status(200, { "Content-Type": "text/plain" }, "x".repeat(100_000))],
  ["an event that is too large", held(`data: ${"x".repeat(1000)}\n\n`)],
])("%s leaves nothing open", async (_, answer) => {
  await using server = await serve(answer);
  await collect(server.url, { maxEventChars: 100 });
  await server.deserted();
});

test("a stream that was lost many times and closed leaves no listener on the signal, and no timer", async () => {
  await using server = await serve(...Array.from({ length: 20 }, () => cut(one)), ended("event: close\ndata: x\n\n"));
  const listeners = new Set<unknown>();
  const { signal } = new AbortController();
  const timers = new Set<unknown>();
  const add = signal.addEventListener.bind(signal);
  // What the stream adds to the caller's signal is seen by the signal that it adds it with.
  signal.addEventListener = (type: string, listener: EventListener, options?: AddEventListenerOptions) => {
    listeners.add(listener);
    options?.signal?.addEventListener("abort", () => listeners.delete(listener));
    add(type, listener, options);
  };
  await collect(server.url, {
    signal,
    clock: {
      now: () => Date.now(),
      setTimeout(callback, delayMs) {
        const timer = setTimeout(() => {
          timers.delete(timer);
          callback();
        }, delayMs);
        timers.add(timer);
        return timer;
      },
      clearTimeout(timer) {
        timers.delete(timer);
        clearTimeout(timer as NodeJS.Timeout);
      },
    },
  });
  expect(server.requests.length).toBe(21);
  expect(listeners.size).toBe(0);
  expect(timers.size).toBe(0);
});
